# gene_tests_survival.R TRAIT: scores and information of the variants of each set at the null Cox model, burden and SKAT, from
# table.csv and genotypes.csv (rows: people; columns: variants, named SET.VARIANT). Writes TRAIT.scores, TRAIT.tests.
suppressPackageStartupMessages(library(survival))
trait <- commandArgs(TRUE)[1]
d <- read.csv("table.csv")
g <- as.matrix(read.csv("genotypes.csv", check.names = FALSE))
x <- scale(as.matrix(d[, c("c1", "c2")]))
y <- if (trait == "late") Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
null <- coxph(y ~ x, control = coxph.control(eps = 1e-13, iter.max = 60))
tail_of <- function(q, lambda) { # P(sum of lambda chi-square > q), Imhof 1961
  theta <- function(u) 0.5 * rowSums(atan(outer(u, lambda))) - 0.5 * q * u
  rho <- function(u) exp(0.25 * rowSums(log1p(outer(u, lambda)^2)))
  0.5 + integrate(function(u) sin(theta(u)) / (u * rho(u)), 0, Inf, subdivisions = 20000, rel.tol = 1e-9)$value / pi
}
set_of <- sub("[.].*", "", colnames(g))
scores <- NULL
tests <- NULL
for (s in unique(set_of)) {
  v <- g[, set_of == s]
  m <- ncol(v)
  f <- suppressWarnings(coxph(y ~ x + v, init = c(coef(null), rep(0, m)), control = coxph.control(iter.max = 0)))
  u <- colSums(residuals(f, "score"))[-(1:2)]
  information <- solve(vcov(f)[-(1:2), -(1:2)]) # covariates taken out
  b <- apply(v, 1, max)
  fb <- suppressWarnings(coxph(y ~ x + b, init = c(coef(null), 0), control = coxph.control(iter.max = 0)))
  w <- dbeta(colSums(v) / (2 * nrow(v)), 1, 25)
  lambda <- eigen(w * t(w * information), symmetric = TRUE)$values
  scores <- rbind(scores, data.frame(set = s, score = u, unname(information)))
  tests <- rbind(tests, data.frame(set = s, burden = fb$score, skat = tail_of(sum((w * u)^2), lambda),
                                   weighted = sum(w * u)^2 / sum(w * t(w * information))))
}
write.table(format(scores, digits = 15), paste0(trait, ".scores"), quote = FALSE, row.names = FALSE, col.names = FALSE)
write.table(format(tests, digits = 15), paste0(trait, ".tests"), quote = FALSE, row.names = FALSE, col.names = FALSE)

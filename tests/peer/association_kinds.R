# association_kinds.R WHAT TABLE GENOTYPES OUT: tests of every variant by R.
# TABLE: complete rows; GENOTYPES: one row per variant in the order of TABLE, copies of ALT, NaN = missing.
a <- commandArgs(TRUE)
what <- a[1]
d <- read.csv(a[2])
g <- as.matrix(read.csv(a[3], header = FALSE))
x <- scale(as.matrix(d[, c("sex01", "age", paste0("PC", 1:5))]))
imputed <- function(v) { v[is.na(v)] <- mean(v, na.rm = TRUE); v }
log10_p <- function(z) -(pnorm(abs(z), lower.tail = FALSE, log.p = TRUE) + log(2)) / log(10)
log10_chi2 <- function(q, df) -pchisq(q, df, lower.tail = FALSE, log.p = TRUE) / log(10)
wald <- function(b, s) c(beta = b, standard_error = s, neg_log10_p = log10_p(b / s))
factor_of <- function(v) factor(v, levels = sort(unique(v)))

# The score test of v in a proportional odds model, with the information expected over the levels.
ordinal_score <- function(null, y, x, v) {
  th <- null$alpha
  eta <- c(x %*% null$beta)
  cum <- cbind(0, sapply(th, function(t) plogis(t - eta)), 1)
  pr <- cum[, -1] - cum[, -ncol(cum)]
  den <- cbind(0, sapply(th, function(t) dlogis(t - eta)), 0)
  k <- length(th)
  X <- cbind(x, v)
  p <- k + ncol(X)
  I <- matrix(0, p, p)
  U <- numeric(p)
  for (l in 0:k) {
    D <- matrix(0, length(eta), p)  # derivative of the chance of level l
    if (l < k) D[, l + 1] <- den[, l + 2]
    if (l > 0) D[, l] <- -den[, l + 1]
    D[, (k + 1):p] <- -(den[, l + 2] - den[, l + 1]) * X
    I <- I + crossprod(D, D / pr[, l + 1])
    of <- as.integer(y) == l + 1
    U <- U + colSums(D[of, , drop = FALSE] / pr[of, l + 1])
  }
  variance <- 1 / solve(I)[p, p]
  c(beta = U[p] / variance, standard_error = variance^-0.5, neg_log10_p = log10_p(U[p] / sqrt(variance)))
}

# One copy and two against none, missing genotypes at the means of both columns.
pair_of <- function(v) cbind(het = imputed(as.numeric(v == 1)), hom = imputed(as.numeric(v == 2)))
pair <- function(b, s, p) {
  b <- unname(c(b))
  s <- unname(s)
  c(beta = b[2], standard_error = s[2], beta_heterozygous = b[1], standard_error_heterozygous = s[1], neg_log10_p = p)
}

one <- switch(what,
  strata_linear = function(v) {
    s <- coef(summary(lm(d$q1 ~ x + factor(d$centre) + imputed(v))))
    k <- nrow(s)
    c(beta = s[k, 1], standard_error = s[k, 2],
      neg_log10_p = -(pt(abs(s[k, 3]), nrow(d) - k, lower.tail = FALSE, log.p = TRUE) + log(2)) / log(10))
  },
  strata_logistic = function(v) {
    s <- coef(summary(glm(d$bt ~ x + factor(d$centre) + imputed(v), family = binomial, control = list(epsilon = 1e-14, maxit = 60))))
    wald(s[nrow(s), 1], s[nrow(s), 2])
  },
  strata_cox = {
    suppressPackageStartupMessages(library(survival))
    function(v) {
      f <- coxph(Surv(d$time, d$event) ~ x + imputed(v) + strata(d$centre), control = coxph.control(eps = 1e-13, iter.max = 60))
      k <- length(coef(f))
      wald(unname(coef(f)[k]), sqrt(vcov(f)[k, k]))
    }
  },
  genotypic_linear = {
    null <- lm(d$q1 ~ x)
    function(v) {
      f <- lm(d$q1 ~ x + pair_of(v))
      k <- length(coef(f)) - 1:0
      a <- anova(null, f)
      pair(coef(f)[k], sqrt(diag(vcov(f)))[k], -pf(a$F[2], 2, a$Res.Df[2], lower.tail = FALSE, log.p = TRUE) / log(10))
    }
  },
  genotypic_wald = function(v) {
    f <- suppressWarnings(glm(d$bt ~ x + pair_of(v), family = binomial, control = list(epsilon = 1e-14, maxit = 60)))
    k <- length(coef(f)) - 1:0
    b <- coef(f)[k]
    pair(b, sqrt(diag(vcov(f)))[k], log10_chi2(c(b %*% solve(vcov(f)[k, k], b)), 2))
  },
  genotypic_score = {
    null <- glm(d$bt ~ x, family = binomial, control = list(epsilon = 1e-14))
    w <- fitted(null) * (1 - fitted(null))
    X <- cbind(1, x)
    function(v) {
      G <- pair_of(v)
      G <- G - X %*% solve(crossprod(X, w * X), crossprod(X, w * G))
      V <- solve(crossprod(G, w * G))
      U <- crossprod(G, d$bt - fitted(null))
      pair(V %*% U, sqrt(diag(V)), log10_chi2(c(t(U) %*% V %*% U), 2))
    }
  },
  ordinal_wald = {
    suppressPackageStartupMessages(library(ordinal))
    y <- factor_of(d$grade)
    function(v) {
      v <- imputed(v)
      s <- coef(summary(clm(y ~ x + v, control = clm.control(gradTol = 1e-10))))
      wald(s["v", 1], s["v", 2])
    }
  },
  ordinal_score = {
    suppressPackageStartupMessages(library(ordinal))
    y <- factor_of(d$grade)
    null <- clm(y ~ x, control = clm.control(gradTol = 1e-10))
    function(v) ordinal_score(null, y, x, imputed(v))
  })
out <- t(apply(g, 1, one))
write.table(format(out, digits = 15), a[4], quote = FALSE, row.names = FALSE)

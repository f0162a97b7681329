# survival_fits.R TABLE GENOTYPES ENTRY OUT: Cox models of every variant in R.
# TABLE: sample_id, event, time, entry and covariates (all other columns), complete rows; GENOTYPES: one row per variant, counts
# in the order of TABLE. ENTRY: yes or no. OUT: beta, standard error, score statistic.
suppressPackageStartupMessages(library(survival))
a <- commandArgs(TRUE)
d <- read.csv(a[1])
g <- as.matrix(read.csv(a[2], header = FALSE))
x <- as.matrix(d[, setdiff(names(d), c("sample_id", "event", "time", "entry"))])
x <- scale(x)
y <- if (a[3] == "yes") Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
control <- coxph.control(eps = 1e-13, iter.max = 60)
null <- suppressWarnings(coxph(y ~ x, control = control))
out <- t(apply(g, 1, function(v) {
  v <- v - mean(v)
  f <- suppressWarnings(coxph(y ~ x + v, control = control))
  s <- coxph(y ~ x + v, init = c(coef(null), 0), control = coxph.control(iter.max = 0))
  k <- length(coef(f))
  c(coef(f)[k], sqrt(vcov(f)[k, k]), s$score)
}))
write.table(format(out, digits = 15), a[4], quote = FALSE, row.names = FALSE, col.names = FALSE)

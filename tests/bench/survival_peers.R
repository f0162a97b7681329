# CPU seconds of R's survival and cmprsk on data as those of survival_models.cpp: survival_peers.R cox|robust|fine_gray|concordance N COLUMNS
suppressMessages({library(survival); library(cmprsk)})
arguments <- commandArgs(TRUE)
what <- arguments[1]; n <- as.integer(arguments[2]); columns <- as.integer(arguments[3])
set.seed(1)
x <- matrix(rnorm(n * columns), n)
lp <- drop(x[, seq_len(min(5, columns)), drop = FALSE] %*% rep(0.2, min(5, columns)))
event <- rexp(n) / (3e-5 * exp(lp)); other <- rexp(n) / 3e-5; end <- 1 + 3650 * runif(n)
time <- ceiling(pmin(event, other, end))
status <- ifelse(event <= other & event <= end, 1, ifelse(other <= end, 2, 0))
risk <- lp + 0.3 * rnorm(n)
seconds <- system.time(switch(what,
    cox = coxph.fit(x, Surv(time, status == 1), NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL),
    robust = coxph(Surv(time, status == 1) ~ x, cluster = seq_len(n)),
    fine_gray = crr(time, status, x),
    concordance = concordance(Surv(time, status == 1) ~ risk, reverse = TRUE)))
cat(sprintf("R %s n %d columns %d: %.2f s\n", what, n, columns, seconds[1] + seconds[2]))

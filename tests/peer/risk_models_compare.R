# Compares coefficients.csv and risks.csv, made by tests/peer/risk_models.sh, with fits of R to the same people.
suppressMessages({library(survival); library(cmprsk)})
d <- merge(read.csv("traits.csv"), read.delim("scores.tsv"), by = "sample_id")
ours <- read.csv("coefficients.csv", na.strings = "nan")
same <- function(what, a, b, tolerance) {
    worst <- max(abs(a - b) / (1e-3 + abs(b)))
    cat(sprintf("%-40s %.2g\n", what, worst))
    if (!isTRUE(worst <= tolerance)) stop(what, " differs")
}
column <- function(model, name, cause = "event") ours[ours$model == model & ours$cause == cause, name]
sharp <- coxph.control(eps = 1e-14, iter.max = 50)
# The event ends at death; at the same time the event counts, as in the stage.
check <- function(model, fit, robust = FALSE, cause = "event") {
    same(paste(model, cause, "coefficients"), column(model, "estimate", cause), unname(coef(fit)), 1e-8)
    same(paste(model, cause, "errors"), column(model, "standard_error", cause),
         unname(sqrt(diag(if (robust) fit$naive.var else vcov(fit)))), 1e-8)
    if (robust) same(paste(model, "robust errors"), column(model, "robust_standard_error"), unname(sqrt(diag(vcov(fit)))), 1e-8)
}
cox <- coxph(Surv(cvd_years, cvd_event) ~ age + pgs + smoker + bmi, d, cluster = site, control = sharp)
check("cox", cox, robust = TRUE)
check("breslow", coxph(Surv(cvd_years, cvd_event) ~ age + pgs + strata(site), d, ties = "breslow", control = sharp))
check("late", coxph(Surv(late, cvd_years, cvd_event) ~ age + pgs, d, control = sharp))
exact <- coxph(Surv(cvd_years, cvd_event) ~ age + pgs + smoker + strata(site), d, ties = "exact", control = sharp)
check("exact", exact)
if (!all(is.na(column("exact", "robust_standard_error")))) stop("exact ties have robust errors")
rcs <- function(x, k) {
    p <- function(v) pmax(v, 0)^3
    n <- length(k)
    sapply(seq_len(n - 2), function(j) (p(x - k[j]) - p(x - k[n - 1]) * (k[n] - k[j]) / (k[n] - k[n - 1]) +
        p(x - k[n]) * (k[n - 1] - k[j]) / (k[n] - k[n - 1])) / (k[n] - k[1])^2)
}
b <- rcs(d$age, c(45, 55, 60, 68))
d$b1 <- b[, 1]; d$b2 <- b[, 2]; d$ps <- d$pgs * d$smoker
check("spline", coxph(Surv(cvd_years, cvd_event) ~ age + b1 + b2 + ps, d, control = sharp))
ends <- d$death_years < d$cvd_years | (d$death_years == d$cvd_years & d$cvd_event == 0)
d$time <- ifelse(ends, d$death_years, d$cvd_years)
d$status <- ifelse(ends, ifelse(d$death_event == 1, 2, 0), d$cvd_event)
first <- coxph(Surv(time, status == 1) ~ age + pgs, d, control = sharp)
second <- coxph(Surv(time, status == 2) ~ age + pgs, d, control = sharp)
check("cause", first); check("cause", second, cause = "competing")
check("exact_cause", coxph(Surv(time, status == 1) ~ age + pgs, d, ties = "exact", control = sharp))
check("exact_cause", coxph(Surv(time, status == 2) ~ age + pgs, d, ties = "exact", control = sharp), cause = "competing")
sub <- crr(d$time, d$status, as.matrix(d[, c("age", "pgs")]), gtol = 1e-10)
same("sub coefficients", column("sub", "estimate"), unname(sub$coef), 1e-6)  # crr stops at its gtol
same("sub errors", column("sub", "robust_standard_error"), unname(sqrt(diag(sub$var))), 1e-6)
tight <- glm.control(epsilon = 1e-14, maxit = 50)
logistic <- summary(glm(diabetes ~ bmi * pgs, binomial, d, control = tight))$coefficients
same("t2d coefficients", column("t2d", "estimate"), logistic[, 1], 1e-8)
same("t2d errors", column("t2d", "standard_error"), logistic[, 2], 1e-8)
line <- summary(lm(ldl ~ age + pgs + factor(site), d))$coefficients
same("lipid coefficients", column("lipid", "estimate"), line[, 1], 1e-8)
same("lipid errors", column("lipid", "standard_error"), line[, 2], 1e-8)

# Absolute risks at 5 years of the first people.
risks <- read.csv("risks.csv")
some <- d[match(risks$sample_id[1:40], d$sample_id), ]
curve <- summary(survfit(cox, newdata = some, se.fit = FALSE), times = 5)
same("cox risk", risks$cox[1:40], as.vector(1 - curve$surv), 1e-8)
same("sub risk", risks$sub[1:40], apply(as.matrix(some[, c("age", "pgs")]), 1, function(x) {
    p <- predict(sub, cov1 = x)
    tail(p[p[, 1] <= 5, 2], 1)
}), 1e-6)
h1 <- basehaz(first, centered = FALSE); h2 <- basehaz(second, centered = FALSE)
jump <- diff(c(0, h1$hazard))
at <- h1$time <= 5
cause <- sapply(seq_len(40), function(i) {
    r1 <- exp(sum(coef(first) * some[i, c("age", "pgs")])); r2 <- exp(sum(coef(second) * some[i, c("age", "pgs")]))
    before1 <- c(0, head(h1$hazard, -1)); before2 <- c(0, head(h2$hazard, -1))
    sum((exp(-r1 * before1 - r2 * before2) * r1 * jump)[at])
})
same("cause-specific risk", risks$cause[1:40], cause, 1e-8)

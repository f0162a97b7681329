# Compares the tables that tests/peer/risk_episodes.sh wrote with fits of R to the same rows.
suppressMessages(library(survival))
same <- function(what, a, b, tolerance) {
    worst <- max(abs(a - b) / (1e-3 + abs(b)))
    cat(sprintf("%-40s %.2g\n", what, worst))
    if (!isTRUE(worst <= tolerance)) stop(what, " differs")
}
sharp <- coxph.control(eps = 1e-14, iter.max = 50)
ids <- read.csv("traits.csv")$sample_id
data <- function(name) {
    d <- read.csv(paste0(name, ".csv"))
    names(d)[2:3] <- c("start", "stop")
    d <- merge(subset(d, sample_id %in% ids), read.delim("person.tsv"), by = "sample_id")
    d[order(d$sample_id, d$start), ]
}
ours <- function(set, kind, model, column, cause = "event") {
    d <- read.csv(paste0(set, "_", kind, ".csv"), na.strings = "nan")
    d[d$model == model & (if (is.null(d$cause)) TRUE else d$cause == cause), column]
}
# 1e-8: both are at the maximum up to rounding.
check <- function(set, model, fit, cause = "event") {
    label <- paste(set, model, cause)
    same(paste(label, "coefficients"), ours(set, "coefficients", model, "estimate", cause), unname(coef(fit)), 1e-8)
    same(paste(label, "errors"), ours(set, "coefficients", model, "standard_error", cause), unname(sqrt(diag(fit$naive.var))), 1e-8)
    same(paste(label, "robust"), ours(set, "coefficients", model, "robust_standard_error", cause), unname(sqrt(diag(vcov(fit)))), 1e-8)
    if (cause == "event") {
        same(paste(label, "likelihood"), ours(set, "models", model, "log_likelihood"), fit$loglik[2], 1e-10)
        same(paste(label, "events"), ours(set, "models", model, "events"), fit$nevent, 0)
    }
    zph <- read.csv(paste0(set, "_zph.csv"), na.strings = "nan")
    zph <- zph[zph$model == model & zph$cause == cause, "chi_square"]
    same(paste(label, "proportional hazards"), zph, cox.zph(fit)$table[, 1], 1e-6)
}
# The risk of the values of the first row, at a horizon.
check_risk <- function(set, fit, d, horizon) {
    first <- d[!duplicated(d$sample_id), ]
    first <- first[complete.cases(first), ]
    curve <- summary(survfit(fit, newdata = first, se.fit = FALSE), times = horizon)
    risk <- read.csv(paste0(set, "_risk.csv"), na.strings = "nan")
    same(paste(set, "risk"), risk$risk_1[match(first$sample_id, risk$sample_id)], as.vector(1 - curve$surv), 1e-8)
}
d <- data("heart")
fit <- coxph(Surv(start, stop, died) ~ age_now + year + surgery + transplant, d, cluster = sample_id, control = sharp)
check("heart", "efron", fit)
check_risk("heart", fit, d, 365)
check("heart", "breslow", coxph(Surv(start, stop, died) ~ age_now + transplant + strata(surgery), d, cluster = sample_id,
                                ties = "breslow", control = sharp))
exact <- coxph(Surv(start, stop, died) ~ age_now + surgery + transplant, d, ties = "exact", control = sharp)
same("heart exact coefficients", ours("heart", "coefficients", "exact", "estimate"), unname(coef(exact)), 1e-8)
same("heart exact errors", ours("heart", "coefficients", "exact", "standard_error"), unname(sqrt(diag(exact$var))), 1e-8)
same("heart exact likelihood", ours("heart", "models", "exact", "log_likelihood"), exact$loglik[2], 1e-10)
d <- data("pbc")
fit <- coxph(Surv(start, stop, died) ~ log(bili) + log(protime) + edema + sex_pbc, d, cluster = sample_id, control = sharp)
check("pbc", "efron", fit)
check_risk("pbc", fit, d, 1000)
check("pbc", "cause", coxph(Surv(start, stop, died) ~ log(bili) + edema, d, cluster = sample_id, control = sharp))
check("pbc", "cause", coxph(Surv(start, stop, grafted) ~ log(bili) + edema, d, cluster = sample_id, control = sharp), "competing")
d <- data("cgd")
fit <- coxph(Surv(start, stop, infection) ~ treated + age_cgd, d, cluster = sample_id, control = sharp)
check("cgd", "efron", fit)
check_risk("cgd", fit, d, 200)
check("cgd", "centre", coxph(Surv(start, stop, infection) ~ treated + age_cgd, d, cluster = hospital, control = sharp))

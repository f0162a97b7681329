# Compares imputed.csv, made by tests/peer/risk_models.sh, with mice (predictive mean matching, the event and its cumulative hazard among
# the predictors) on the same people: both are random, with 40 imputations.
suppressMessages({library(survival); library(mice)})
d <- merge(merge(read.csv("traits.csv"), read.delim("scores.tsv"), by = "sample_id"), read.delim("partial.tsv"), by = "sample_id")
d$hazard <- nelsonaalen(d, cvd_years, cvd_event)
kept <- d[, c("age", "pgs", "smoker_part", "bmi_part", "hazard", "cvd_event")]
imputed <- mice(kept, m = 40, maxit = 10, method = "pmm", seed = 5, printFlag = FALSE)
fits <- lapply(seq_len(40), function(k) coxph(Surv(d$cvd_years, d$cvd_event) ~ age + pgs + smoker_part + bmi_part, complete(imputed, k)))
ours <- read.csv("imputed.csv")
for (j in seq_len(4)) {
    r <- pool.scalar(sapply(fits, function(f) coef(f)[j]), sapply(fits, function(f) vcov(f)[j, j]), n = sum(d$cvd_event), k = 4)
    noise <- sqrt(2 * r$b / 40)  # Monte Carlo error of the difference of two runs
    shift <- (ours$estimate[j] - r$qbar) / sqrt(r$t)
    cat(sprintf("%-12s %8.4f mice %8.4f (%.2f errors), error %.4f mice %.4f, missing %.2f mice %.2f\n", ours$term[j], ours$estimate[j], r$qbar,
                shift, ours$standard_error[j], sqrt(r$t), ours$fraction_missing[j], r$fmi))
    # A tenth of an error for what differs between the two ways of matching.
    stopifnot(abs(ours$estimate[j] - r$qbar) < 4 * noise + 0.1 * sqrt(r$t), abs(ours$standard_error[j] / sqrt(r$t) - 1) < 0.15,
              abs(ours$fraction_missing[j] - r$fmi) < 0.25)
}

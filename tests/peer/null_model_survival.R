# Whole-genome prediction of a time-to-event trait the slow and obvious way, with coxph of R's survival.
# Usage: Rscript null_model_survival.R COPIES.csv TABLE.csv BLOCK_SIZE OUTPUT.csv
# COPIES: one row per sample of one chromosome; TABLE: event, years and covariates V1 V2 V3 of the same samples.
library(survival)
args <- commandArgs(TRUE)
copies <- as.matrix(read.csv(args[1], header = FALSE))
table <- read.csv(args[2])
block <- as.integer(args[3])
n <- nrow(copies); m <- ncol(copies); folds <- 5
heritabilities <- c(0.01, 0.25, 0.5, 0.75, 0.99)
fold <- rep(seq_len(folds), diff(floor(n * (0:folds) / folds)))
x <- cbind(1, as.matrix(table[, c("V1", "V2", "V3")]))
q <- qr.Q(qr(x))
standard <- function(columns) {
    rest <- columns - q %*% crossprod(q, columns)
    sweep(rest, 2, sqrt(colSums(rest^2) / (n - ncol(x))), "/")
}
null <- coxph(Surv(years, event) ~ V1 + V2 + V3, data = table, ties = "efron", control = coxph.control(eps = 1e-12))
known <- x[, -1] %*% coef(null)
y <- standard(cbind(residuals(null, "martingale")))
w <- NULL
for (first in seq(1, m, block)) {
    g <- standard(copies[, first:(first + block - 1)])
    for (h in heritabilities) {
        column <- numeric(n)
        for (k in seq_len(folds)) {
            others <- fold != k
            a <- crossprod(g[others, ]) + diag(m * (1 - h) / h, block)
            column[!others] <- g[!others, ] %*% solve(a, crossprod(g[others, ], y[others]))
        }
        w <- cbind(w, (column - mean(column)) / sd(column))
    }
}
likelihood <- function(eta, rows) {
    coxph(Surv(years, event) ~ offset(eta[rows]), data = table[rows, ], ties = "efron")$loglik[1]
}
everybody <- rep(TRUE, n)
best <- -Inf
for (h in heritabilities) {
    phi <- ncol(w) * (1 - h) / h * 6 / pi^2
    score <- 0; predicted <- numeric(n)
    for (k in seq_len(folds)) {
        others <- fold != k
        part <- data.frame(years = table$years[others], event = table$event[others], known = known[others])
        part$w <- w[others, ]
        fit <- coxph(Surv(years, event) ~ offset(known) + ridge(w, theta = phi, scale = FALSE), data = part, ties = "efron",
                     control = coxph.control(eps = 1e-12, outer.max = 1, iter.max = 50))
        eta <- known + w %*% coef(fit)
        score <- score + likelihood(eta, everybody) - likelihood(eta, others)
        predicted[!others] <- (w %*% coef(fit))[!others]
    }
    cat(sprintf("%.2f %.6f\n", h, score))
    if (score > best) { best <- score; chosen <- predicted; chosen_h <- h }
}
write.table(cbind(chosen, chosen_h, best), args[4], row.names = FALSE, col.names = FALSE, sep = ",")

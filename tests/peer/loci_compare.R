# loci_compare.R TABLE GENOTYPES RESULT: conditional signals against lm, glm and Rao's test, or (a result with the column
# credible_set) inclusion probabilities and credible sets against susieR.
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
genotypes <- read.csv(arguments[2], check.names = FALSE)
result <- read.csv(arguments[3])
stopifnot(all(table$sample_id == genotypes$sample_id))
covariates <- as.matrix(table[, intersect(c("sex01", "age", "PC1", "PC2", "PC3", "PC4", "PC5", "pc"), names(table))])
worst <- 0
close <- function(ours, theirs, tolerance, what) {
    gap <- max(abs(ours - theirs) / pmax(1e-3, abs(theirs)))
    worst <<- max(worst, gap)
    if (!(gap <= tolerance)) stop(what, ": ours ", ours[1], ", R ", theirs[1])
}
column <- function(rows, y) { # as the stage: missing genotypes at the mean of the samples of the trait
    x <- as.matrix(genotypes[!is.na(y), paste0("v", rows), drop = FALSE])
    apply(x, 2, function(g) ifelse(is.na(g), mean(g, na.rm = TRUE), g))
}
log_t <- function(t, df) -(log(2) + pt(-abs(t), df, log.p = TRUE)) / log(10)
log_z <- function(z) -(log(2) + pnorm(-abs(z), log.p = TRUE)) / log(10)

check_signals <- function(rows) {
    y <- table[[rows$trait[1]]]
    binary <- all(y %in% c(0, 1, NA))
    x <- column(rows$variant, y)
    z <- covariates[!is.na(y), ]
    y <- y[!is.na(y)]
    one <- function(g, given, kind, k) {
        base <- if (is.null(given)) z else cbind(z, given)
        value <- function(name) rows[[paste0(kind, "_", name)]][k]
        if (!binary) {
            fit <- lm(y ~ base + g)
            s <- summary(fit)$coef["g", ]
            close(value("beta"), s[1], 1e-6, paste(kind, "beta"))
            close(value("standard_error"), s[2], 1e-6, paste(kind, "standard error"))
            close(value("neg_log10_p"), log_t(s[3], fit$df.residual), 1e-6, paste(kind, "p"))
        } else {
            null <- glm(y ~ base, family = binomial, epsilon = 1e-14, maxit = 100)
            full <- glm(y ~ base + g, family = binomial, epsilon = 1e-14, maxit = 100)
            rao <- anova(null, full, test = "Rao")$Rao[2]
            close(value("neg_log10_p"), log_z(sqrt(rao)), 1e-6, paste(kind, "p of the score test"))
        }
    }
    for (k in seq_len(nrow(rows))) {
        one(x[, k], NULL, "marginal", k)
        one(x[, k], if (k > 1) x[, 1:(k - 1), drop = FALSE] else NULL, "conditional", k)
    }
    fit <- if (binary) glm(y ~ z + x, family = binomial, epsilon = 1e-14, maxit = 100) else lm(y ~ z + x)
    s <- summary(fit)$coef
    s <- s[startsWith(rownames(s), "x"), , drop = FALSE]
    close(rows$joint_beta, s[, 1], 1e-6, "joint beta")
    close(rows$joint_standard_error, s[, 2], 1e-6, "joint standard error")
    p <- if (binary) log_z(s[, 3]) else log_t(s[, 3], fit$df.residual)
    close(rows$joint_neg_log10_p, p, 1e-6, "joint p")
}

check_sets <- function(rows) {
    suppressMessages(library(susieR))
    y <- table[[rows$trait[1]]]
    binary <- all(y %in% c(0, 1, NA))
    x <- column(rows$variant, y)
    z <- covariates[!is.na(y), ]
    y <- y[!is.na(y)]
    if (!binary) {
        fit <- susie(resid(lm(x ~ z)), resid(lm(y ~ z)), L = 10)
    } else {
        null <- glm(y ~ z, family = binomial, epsilon = 1e-14, maxit = 100)
        w <- fitted(null) * (1 - fitted(null))
        g <- resid(lm(x ~ z, weights = w)) * sqrt(w)
        statistic <- colSums(x * (y - fitted(null))) / sqrt(colSums(g^2))
        r <- crossprod(g) / sqrt(outer(colSums(g^2), colSums(g^2)))
        fit <- susie_rss(statistic, (r + t(r)) / 2, n = length(y), L = 10)
    }
    worst <<- max(worst, abs(rows$pip - fit$pip))
    if (max(abs(rows$pip - fit$pip)) > 1e-7) stop("probabilities of ", rows$trait[1], " differ by ", max(abs(rows$pip - fit$pip)))
    theirs <- lapply(unname(fit$sets$cs), as.integer)
    ours <- lapply(seq_len(max(rows$credible_set)), function(k) which(rows$credible_set == k))
    if (!setequal(theirs, ours)) stop("credible sets of ", rows$trait[1], " differ")
    cat(rows$trait[1], ":", length(ours), "credible sets of", lengths(ours), "variants\n")
}

check <- if ("credible_set" %in% names(result)) check_sets else check_signals
groups <- split(result, paste(result$trait, result$locus))
for (rows in groups) check(rows)
cat(length(groups), "loci, largest difference", worst, "\n")

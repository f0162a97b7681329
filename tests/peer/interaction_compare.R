# lm and glm of every variant of a plink .raw file with an environment, covariances by sandwich::vcovHC.
suppressMessages(library(sandwich))
args <- commandArgs(TRUE)
table <- read.csv(args[1], na.strings = "NA")
raw <- read.table(args[2], header = TRUE, check.names = FALSE)
environment <- args[3]
type <- toupper(args[4])
centre <- args[5] == "true"
stopifnot(all(raw$IID == table$sample_id))
covariates <- c("sex01", "age", "PC1", "PC2", "PC3", "PC4", "PC5")
columns <- names(raw)[-(1:6)]
id_of <- function(column) sub("_[^_]*$", "", column)
allele_of <- function(column) sub("^.*_", "", column)
e <- if (environment %in% names(table)) table[[environment]] else raw[[columns[id_of(columns) == environment]]]
covariates <- setdiff(covariates, environment)
rows <- list()
for (trait in c("q1", "q2", "bt")) {
    kept <- complete.cases(table[, c(trait, covariates)], e)
    x <- scale(as.matrix(table[kept, covariates]))
    y <- table[kept, trait]
    env <- e[kept]
    if (centre) env <- env - mean(env)
    for (column in columns) {
        if (id_of(column) == environment) next
        g <- raw[[column]][kept]
        if (sum(g, na.rm = TRUE) < 1 || var(g, na.rm = TRUE) == 0) next
        g[is.na(g)] <- mean(g, na.rm = TRUE)
        # Robust errors do not change with the origin of the environment, but R's accuracy does.
        fit <- if (trait == "bt") glm(y ~ x + env + g + g:env, family = binomial, control = list(epsilon = 1e-14, maxit = 60))
               else lm(y ~ x + env + g + g:env)
        if (anyNA(coef(fit))) next
        if (trait == "bt" && (!fit$converged || any(abs(coef(fit)) > 12))) next
        p <- c("g", "env:g")
        model <- vcov(fit)[p, p]
        robust <- vcovHC(fit, type = type)[p, p]
        b <- coef(fit)[p]
        # Samples that carry the interaction: shares in the variance of its coefficient.
        design <- model.matrix(fit)
        q <- if (trait == "bt") fit$weights * (design %*% vcov(fit))[, "env:g"]^2
             else (design %*% solve(crossprod(design)))[, "env:g"]^2
        effective <- sum(q)^2 / sum(q^2)
        df <- min(fit$df.residual, effective - 1)
        joint <- drop(b %*% solve(robust, b))
        t <- abs(b[2] / sqrt(c(model[2, 2], robust[2, 2])))
        log_p <- log(2) + c(if (trait == "bt") pnorm(t[1], lower.tail = FALSE, log.p = TRUE)
                            else pt(t[1], fit$df.residual, lower.tail = FALSE, log.p = TRUE),
                            pt(t[2], df, lower.tail = FALSE, log.p = TRUE))
        log_joint <- pf(joint / 2, 2, df, lower.tail = FALSE, log.p = TRUE)
        rows[[length(rows) + 1]] <- data.frame(trait, id = id_of(column), allele = allele_of(column), n = length(y),
            beta = b[1], standard_error = sqrt(model[1, 1]), standard_error_robust = sqrt(robust[1, 1]),
            beta_interaction = b[2], standard_error_interaction = sqrt(model[2, 2]),
            standard_error_interaction_robust = sqrt(robust[2, 2]), covariance_robust = robust[1, 2],
            neg_log10_p_model = -log_p[1] / log(10), neg_log10_p = -log_p[2] / log(10),
            neg_log10_p_joint = -log_joint / log(10), effective_samples = effective)
    }
}
result <- do.call(rbind, rows)
number <- sapply(result, is.numeric)
result[number] <- lapply(result[number], function(v) sprintf("%.15g", v))
write.table(result, args[6], sep = "\t", quote = FALSE, row.names = FALSE)

# pgs_regression_glmnet.R FOLDER: for each task there (x.csv, y.csv, task.csv with family, alpha, number of covariates, lambdas) the
# coefficients of glmnet at the last lambda, in coefficients.csv.
suppressPackageStartupMessages(library(glmnet))
for (folder in list.dirs(commandArgs(TRUE)[1], recursive = FALSE)) {
  x <- as.matrix(read.csv(file.path(folder, "x.csv"), header = FALSE))
  y <- as.matrix(read.csv(file.path(folder, "y.csv"), header = FALSE))
  task <- read.csv(file.path(folder, "task.csv"))
  free <- task$covariates[1]
  factor <- c(rep(0, free), rep(1, ncol(x) - free))
  # glmnet scales penalty factors to sum to the number of columns.
  lambda <- task$lambda * sum(factor) / ncol(x)
  if (task$family[1] == "cox") y <- cbind(time = y[, 1], status = y[, 2]) else y <- y[, 1]
  fit <- glmnet(x, y, family = task$family[1], alpha = task$alpha[1], lambda = lambda, penalty.factor = factor, standardize = FALSE,
                thresh = 1e-20, maxit = 1e7)
  b <- as.matrix(coef(fit))
  b <- b[, ncol(b)]
  if (task$family[1] == "cox") b <- c(0, b)
  write.table(format(b, digits = 17), file.path(folder, "coefficients.csv"), row.names = FALSE, col.names = FALSE, quote = FALSE)
}

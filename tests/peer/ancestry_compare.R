# Recomputes ancestry.h5 (as exported) with R's mahalanobis() and pchisq(): Rscript ancestry_compare.R FOLDER
folder <- commandArgs(TRUE)[1]
table_of <- function(name) read.delim(file.path(folder, name), na.strings = "NA", check.names = FALSE)
check <- function(what, ok, detail = "") {
    cat(if (isTRUE(ok)) "ok      " else "FAILED  ", what, " ", detail, "\n", sep = "")
    if (!isTRUE(ok)) quit(status = 1)
}
prior <- 10; folds <- 10; probability_min <- 0.9; outlier_p_min <- 1e-6

pc <- table_of("pc.samples.tsv")
scale <- sqrt(table_of("pc.eigenvalues.tsv")$eigenvalue)[1:6]
x <- sweep(as.matrix(pc[, paste0("pc", 1:6)]), 2, scale, "*")

fit <- function(group) {
    names <- sort(unique(group[group != ""]), method = "radix")
    parts <- lapply(names, function(g) x[which(group == g), , drop = FALSE])
    scatter <- lapply(parts, function(p) cov(p) * (nrow(p) - 1))
    pooled <- Reduce(`+`, scatter) / (sum(sapply(parts, nrow)) - length(names))
    list(names = names, mean = lapply(parts, colMeans),
         cov = mapply(function(s, p) (s + prior * pooled) / (nrow(p) + prior), scatter, parts, SIMPLIFY = FALSE))
}
classify <- function(model, rows) {
    d2 <- sapply(seq_along(model$names), function(g) mahalanobis(x[rows, , drop = FALSE], model$mean[[g]], model$cov[[g]]))
    d2 <- matrix(d2, nrow = length(rows))
    logs <- sweep(-d2 / 2, 2, sapply(model$cov, function(s) determinant(s)$modulus / 2))
    post <- exp(logs - apply(logs, 1, max)); post <- post / rowSums(post)
    best <- max.col(post, "first"); at <- cbind(seq_along(best), best)
    tail <- pchisq(d2[at], 6, lower.tail = FALSE)
    data.frame(best = model$names[best], probability = post[at], distance = sqrt(d2[at]), outlier_p = tail,
               group = ifelse(post[at] >= probability_min & tail >= outlier_p_min, model$names[best], "unassigned"))
}
for (kind in c("population", "continent")) {
    ours <- table_of(paste0(kind, ".samples.tsv"))
    stopifnot(identical(as.character(ours$sample_id), as.character(pc$sample_id)))
    label <- as.character(ours$reference_group); label[is.na(label)] <- ""
    theirs <- classify(fit(label), seq_len(nrow(x)))
    check(paste(kind, "best groups"), identical(as.character(ours$best_group), as.character(theirs$best)))
    check(paste(kind, "groups"), identical(as.character(ours$group), as.character(theirs$group)))
    # The export prints shortest round-trip decimals; both sides are double precision.
    check(paste(kind, "probabilities"), max(abs(ours$probability - theirs$probability)) < 1e-9,
          format(max(abs(ours$probability - theirs$probability))))
    check(paste(kind, "distances"), max(abs(ours$distance / theirs$distance - 1)) < 1e-9,
          format(max(abs(ours$distance / theirs$distance - 1))))
    check(paste(kind, "outlier_p"), max(abs(ours$outlier_p - theirs$outlier_p)) < 1e-9)
    fold <- ave(seq_along(label), label, FUN = function(i) (seq_along(i) - 1) %% folds)
    held <- rep("", length(label))
    for (f in seq_len(folds) - 1) {
        rows <- which(label != "" & fold == f)
        held[rows] <- as.character(classify(fit(ifelse(fold == f, "", label)), rows)$group)
    }
    counts <- as.data.frame(table(reference = label[label != ""], group = held[label != ""]), stringsAsFactors = FALSE)
    counts <- counts[counts$Freq > 0, ]
    accuracy <- table_of(paste0(kind, ".accuracy.tsv"))
    mine <- paste(accuracy$reference_group, accuracy$group, accuracy$samples)
    check(paste(kind, "cross-validation"), setequal(mine, paste(counts$reference, counts$group, counts$Freq)))
    right <- sum(accuracy$samples[as.character(accuracy$reference_group) == as.character(accuracy$group)])
    wrong <- sum(accuracy$samples[as.character(accuracy$reference_group) != as.character(accuracy$group) &
                                  accuracy$group != "unassigned"])
    cat(sprintf("        %s: of %d labelled samples %d right, %d wrong, %d unassigned when left out\n", kind,
                sum(accuracy$samples), right, wrong, sum(accuracy$samples) - right - wrong))
    if (kind == "continent")
        check("continents are found again", wrong == 0 && right >= 0.98 * sum(accuracy$samples))
}

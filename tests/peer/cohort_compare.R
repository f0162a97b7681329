# cohort_compare.R ORDER RATIO CALIPER STANDARDISE, on samples.tsv, traits.tsv, covariates.tsv, sets.tsv and table_1.tsv
args <- commandArgs(TRUE)
order_by <- args[1]; ratio <- as.integer(args[2]); caliper <- as.numeric(args[3]); standardise <- args[4]
if (caliper == 0) caliper <- Inf
d <- cbind(read.delim("samples.tsv"), read.delim("traits.tsv"), read.delim("covariates.tsv"))
d <- d[!is.na(d$disease) & !is.na(d$height) & d$height > 155 & !is.na(d$age), ]
cases <- which(d$disease == 1); free <- d$disease == 0
if (order_by == "largest") cases <- cases[order(-d$age[cases])]
if (order_by == "smallest") cases <- cases[order(d$age[cases])]
pairs <- NULL; open <- cases
for (round in seq_len(ratio)) {
    served <- c()
    for (i in open) {
        distance <- ifelse(free, abs(d$age - d$age[i]), Inf)
        j <- which.min(distance)
        if (distance[j] > caliper || is.infinite(distance[j])) next
        free[j] <- FALSE; served <- c(served, i)
        pairs <- rbind(pairs, data.frame(case = i, control = j))
    }
    open <- served
}
sets <- read.delim("sets.tsv")
want <- sort(paste(d$sample_id[pairs$case], d$sample_id[pairs$control]))
got <- sort(paste(sets$case_id, sets$control_id))
if (!identical(want, got)) stop(length(setdiff(want, got)), " of ", length(want), " pairs differ")

weight <- numeric(nrow(d)); weight[unique(pairs$case)] <- 1
per_case <- table(pairs$case)
for (k in seq_len(nrow(pairs))) weight[pairs$control[k]] <- weight[pairs$control[k]] + 1 / per_case[[as.character(pairs$case[k])]]
t1 <- read.delim("table_1.tsv"); worst <- 0
near <- function(a, b) { e <- abs(a - b) / max(abs(b), 1e-12); worst <<- max(worst, e); if (e > 1e-9) stop(a, " is not ", b) }
for (v in c("age", "height", "weight")) for (stage in c("before", "after")) {
    row <- t1[t1$variable == v & t1$stage == stage, ]
    ok <- !is.na(d[[v]]); w <- if (stage == "before") rep(1, nrow(d)) else weight
    one <- ok & d$disease == 1 & w > 0; zero <- ok & d$disease == 0 & w > 0
    if (row$cases != sum(one) || row$controls != sum(zero)) stop("counts of ", v)
    m1 <- weighted.mean(d[[v]][one], w[one]); m0 <- weighted.mean(d[[v]][zero], w[zero])
    near(row$mean_cases, m1); near(row$mean_controls, m0)
    if (stage == "before") { near(row$sd_cases, sd(d[[v]][one])); near(row$sd_controls, sd(d[[v]][zero])) }
    s1 <- var(d[[v]][ok & d$disease == 1]); s0 <- var(d[[v]][ok & d$disease == 0])
    near(row$standardised_difference, (m1 - m0) / sqrt(if (standardise == "cases") s1 else (s1 + s0) / 2))
}
cat(length(want), "pairs equal; table 1 within", worst, "\n")

# health_rates_compare.R RATES CODES CHECKS OMOP: expected monthly counts by glm, and that the planted faults, and nothing else, are found.
args <- commandArgs(TRUE)
table <- function(path) read.delim(path, colClasses = "character")
rates <- table(args[1]); codes <- table(args[2]); checks <- table(args[3])
number <- function(x) suppressWarnings(as.numeric(x))
condition <- read.csv(file.path(args[4], "condition_occurrence.csv"), colClasses = "character")
person <- read.csv(file.path(args[4], "person.csv"), colClasses = "character")
site <- person$care_site_id[match(condition$person_id, person$person_id)]
month <- substr(condition$condition_start_date, 1, 7)

# Quasi-Poisson with season and trend of the years before, twice, as Noufaily et al. 2013 for months.
expectation <- function(y, k) {
    b <- min(5, (k - 2) %/% 12)
    block <- rep(NA, k)
    block[(k - 1):k] <- 0
    for (i in 1:b) {
        r <- k - 12 * i
        block[(r - 1):(r + 1)] <- 0
        block[(r + 2):(r + 10)] <- rep(1:3, each = 3)
    }
    use <- which(!is.na(block[1:(k - 4)]))
    d <- data.frame(y = y[use], t = use, f = factor(block[use]))
    twice <- function(formula) {
        first <- glm(formula, quasipoisson, d)
        phi <- max(1, summary(first)$dispersion)
        s <- 1.5 * (d$y^(2 / 3) * fitted(first)^(-1 / 6) - sqrt(fitted(first))) / sqrt(phi * (1 - hatvalues(first)))
        w <- ifelse(abs(s) > 2.58, s^-2, 1)
        d$w <- w * length(w) / sum(w)
        glm(formula, quasipoisson, d, weights = w)
    }
    fit <- twice(y ~ f + t)
    at <- predict(fit, data.frame(t = k, f = "0"), type = "response", se.fit = TRUE)
    if (at$fit > max(d$y) || at$fit < min(d$y)) {
        fit <- twice(y ~ f)
        at <- predict(fit, data.frame(t = k, f = "0"), type = "response", se.fit = TRUE)
    }
    c(mean = unname(at$fit), variance = unname(at$se.fit)^2, phi = max(1, summary(fit)$dispersion))
}

compared <- 0
for (s in unique(site)) {
    mine <- rates[rates$site == s & rates$table == "condition_occurrence", ]
    y <- number(mine$rows)
    stopifnot(identical(y, as.numeric(base::table(factor(month[site == s], levels = mine$month)))))
    each <- base::table(condition$person_id[site == s], month[site == s])
    floor <- sum(each^2) / sum(each)
    for (k in which(!is.na(number(mine$expected)))) {
        e <- expectation(y, k)
        if (floor > e["phi"]) e["variance"] <- e["variance"] * floor / e["phi"]
        tau <- max(e["phi"], floor) + e["variance"] / e["mean"]
        bound <- pmax(0, e["mean"]^(2 / 3) + c(-5, 5) * sqrt(4 / 9 * e["mean"]^(1 / 3) * tau))^1.5
        wanted <- c(e["mean"], bound)
        got <- number(c(mine$expected[k], mine$low[k], mine$high[k]))
        if (any(abs(got - wanted) > 1e-6 * e["mean"])) stop(paste(s, mine$month[k], paste(got, wanted, collapse = "; ")))
        compared <- compared + 1
    }
}
stopifnot(compared == 3 * (108 - 37))

marked <- rates[rates$outlier == "1", ]
stopifnot(identical(paste(marked$site, marked$month), c("11 2015-09", "13 2016-07")))
stopifnot(all(rates$rate_break == "0"))
switched <- checks[checks$check == "codeSwitches" & checks$violated != "0", ]
stopifnot(nrow(switched) == 1, switched$site == "12", grepl("^2015-10 ICD9 .* -> ICD10 ", switched$reason))
stopifnot(all(unique(codes$code_system[codes$site != "12"]) == "ICD10"))
signs <- checks[checks$check %in% c("rateBreaks", "rateOutliers", "codeSwitches", "heapingNewYear", "heapingMonth") & checks$verdict == "WARN", ]
stopifnot(nrow(signs) == 3)
cat(compared, "months agree\n")

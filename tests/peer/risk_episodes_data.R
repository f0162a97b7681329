# Writes heart.csv, pbc.csv and cgd.csv (rows of people in time, shuffled, some of strangers) and person.tsv (a column per person).
suppressMessages(library(survival))
ids <- read.csv("traits.csv")$sample_id
person <- function(n) ids[n]
save <- function(d, name) {
    set.seed(1)
    strangers <- d[1:3, ]
    strangers$sample_id <- paste0("stranger", 1:3)
    write.csv(rbind(d, strangers)[sample(nrow(d) + 3), ], paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}
h <- heart
save(data.frame(sample_id = person(h$id), start = h$start, stop = h$stop, died = h$event, age_now = h$age, year = h$year,
                surgery = h$surgery, transplant = as.numeric(h$transplant) - 1), "heart")
# The vignette of timedep: baseline and visits of pbc, death with transplantation as the competing event.
base <- subset(pbc, id <= 312, select = c(id, sex, time, status))
two <- tmerge(base, base, id = id, died = event(time, as.numeric(status == 2)), grafted = event(time, as.numeric(status == 1)))
two <- tmerge(two, pbcseq, id = id, bili = tdc(day, bili), protime = tdc(day, protime), edema = tdc(day, edema))
two <- two[!(two$id %in% 10:20 & two$tstart > 500 & two$tstop < 1000), ] # gaps
two$bili[seq(7, nrow(two), by = 50)] <- NA                                # rows that lack a value
save(data.frame(sample_id = person(two$id), tstart = two$tstart, tstop = two$tstop, died = two$died, grafted = two$grafted, bili = two$bili,
                protime = two$protime, edema = two$edema, sex_pbc = as.numeric(two$sex == "f")), "pbc")
save(data.frame(sample_id = person(cgd$id), start = cgd$tstart, stop = cgd$tstop, infection = cgd$status, age_cgd = cgd$age,
                treated = as.numeric(cgd$treat == "rIFN-g")), "cgd")
centre <- rep(0, length(ids))
centre[cgd$id] <- as.numeric(cgd$center)
write.table(data.frame(sample_id = ids, hospital = centre), "person.tsv", sep = "\t", row.names = FALSE, quote = FALSE)

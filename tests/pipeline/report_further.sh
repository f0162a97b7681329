#!/usr/bin/env bash
# The report with everything that surrounds single-variant tests: whole-genome predictions, gene tests, interaction,
# meta-analysis and LD-score regression, and traits of all kinds together; the same bytes on one rank and on two.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 300 --chromosomes chr1 --chromosomes chr2 --region_mb 2 --common_per_mb 300 --rare_per_mb 800 \
    --formats bed --output simulated --seed 4
bed=$(find simulated -name genotypes.bed)
quiet "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output genomes
store=genomes/ingest_genomes/genotypes.store
awk 'BEGIN { srand(4); print "sample_id,height,disease,grade,died,years,smoker" }
     { printf "%s,%.6f,%d,%d,%d,%.4f,%d\n", $2, rand() + rand(), rand() < 0.3, 3 * rand() * rand(), rand() < 0.4, 1 + 9 * rand(), rand() < 0.5 }' \
    "${bed%.bed}.fam" >table.csv
awk '{ print $1 ":" $4 ":" $6 ":" $5, "gene" int(NR / 40), NR % 3 ? "missense" : "lof" }' "${bed%.bed}.bim" >annotations
quiet "$SALUS" phenotypes --genotypes $store --table table.csv --table_traits height --table_traits disease --table_traits grade \
    --ordinal_traits grade --time_to_event "death = died : years" --table_covariates smoker --sex false --groups false --output phenotypes
cohort=(--genotypes $store --phenotypes phenotypes/phenotypes/phenotypes.h5)
quiet "$SALUS" null_model "${cohort[@]}" --block_size 100 --minor_allele_count_min 5 --output null_model
quiet "$SALUS" association "${cohort[@]}" --output association
quiet "$SALUS" gene_tests "${cohort[@]}" --annotations annotations --masks 'all: lof missense' --output gene_tests
quiet "$SALUS" interaction "${cohort[@]}" --environment smoker --minor_allele_count_min 5 --output interaction
quiet "$SALUS" ld --genotypes $store --ld_scores true --output ld
statistics=association/association/association.h5
quiet "$SALUS" ld_score_regression --statistics $statistics --ld_scores ld/ld/ld.h5 --output ld_score_regression
for study in one two; do quiet "$SALUS" export $statistics --table traits/height --format gwas-ssf --output $study.tsv.gz; done
quiet "$SALUS" meta_analysis --studies one.tsv.gz --studies two.tsv.gz --output meta_analysis
inputs=()
for port in phenotypes null_model association gene_tests interaction ld_score_regression meta_analysis; do
    inputs+=("--$port" "$port/$port/$port.h5")
done
report() { # ranks output
    quiet mpirun --oversubscribe -n "$1" "$SALUS" report "${inputs[@]}" --suggestive 0.1 --significance 1e-6 --output "$2"
}
report 1 r1; report 2 r2
page=r1/report/report.html
cmp $page r2/report/report.html || fail "reports differ on two ranks"
for section in prediction association phenome genes interaction meta-analysis ld-score-regression; do
    grep -q "<section id=\"$section\"" $page || fail "the report has no section $section"
done
for words in 'time to event' ordinal 'Log hazard ratio' 'Log odds ratio of higher levels' 'gene' 'I²' 'The strongest variant in all traits'; do
    grep -q "$words" $page || fail "the report does not say $words"
done
[[ -x /usr/bin/python3 ]] || exit 0
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/report_page.py" $page || [[ $? == 77 ]]

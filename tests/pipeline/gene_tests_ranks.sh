#!/usr/bin/env bash
# gene_tests gives byte-identical results for 1 to 4 ranks and 1 or 2 threads: quantitative and binary traits with sample
# sets of their own, X, missing calls, leave-one-out and covariances; and a trait does not depend on which others run.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 600 --chromosomes chr1 --chromosomes chrX --region_mb 1 --common_per_mb 300 \
    --rare_per_mb 3000 --formats bed --output simulated --seed 3
bed=$(find simulated -name genotypes.bed)
quiet "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
# Every 40 variants are a gene; one in three is a loss of function.
awk '{ print $1 ":" $4 ":" $6 ":" $5, "gene" int(NR / 40), NR % 3 ? "missense" : "lof" }' "${bed%.bed}.bim" >annotations
awk 'BEGIN { srand(4); print "sample_id,y,z,b,c" }
     { z = rand() < 0.1 ? "NA" : rand() + rand(); print $2 "," rand() + rand() "," z "," (rand() < 0.08) "," rand() }' "${bed%.bed}.fam" >table.csv
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits y --table_traits z --table_traits b --table_covariates c \
    --sex false --groups false --output phenotypes
run() { # ranks threads name flags...
    local ranks=$1 threads=$2 name=$3; shift 3
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" gene_tests --genotypes "$store" \
        --phenotypes phenotypes/phenotypes/phenotypes.h5 --annotations annotations --masks 'lof: lof' --masks 'all: lof missense' \
        --leave_one_out true --write_covariance true --threads "$threads" --output "$name" "$@"
}
digest() { sha256sum <"$1/gene_tests/gene_tests.h5"; sha256sum <"$1/gene_tests/score_covariance.h5"; }
run 1 1 r1t1
expected=$(digest r1t1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    read -r ranks threads <<<"$layout"
    run "$ranks" "$threads" "r${ranks}t$threads"
    [[ $(digest "r${ranks}t$threads") == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
run 1 1 alone --traits b
run 1 1 passes --traits_per_pass 1
export_traits() { # result traits...
    local result=$1; shift
    for trait in "$@"; do quiet "$SALUS" export "$result/gene_tests/gene_tests.h5" --table "traits/$trait" --output "$result.$trait.tsv"; done
}
export_traits r1t1 b y; export_traits passes b y; export_traits alone b
for trait in b y; do cmp "r1t1.$trait.tsv" "passes.$trait.tsv"; done
cmp r1t1.b.tsv alone.b.tsv
[[ $(wc -l <r1t1.b.tsv) -gt 100 ]] || { echo "too few rows"; exit 1; }

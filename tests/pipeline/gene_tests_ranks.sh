#!/usr/bin/env bash
# gene_tests gives byte-identical results for 1 to 4 ranks and 1 or 2 threads: quantitative, binary and time-to-event traits with
# sample sets of their own, redistributed cases, X, missing calls, leave-one-out, covariances and windows; a trait does not depend on
# which others run; windows are the same tests as genes of the same variants; ordinal traits are refused.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 600 --chromosomes chr1 --chromosomes chrX --region_mb 1 --common_per_mb 100 \
    --rare_per_mb 900 --formats bed --output simulated --seed 3
bed=$(find simulated -name genotypes.bed)
quiet "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
# Every 40 variants of a chromosome are a gene; one in three is a loss of function.
awk '{ n = seen[$1]++; print $1 ":" $4 ":" $6 ":" $5, "gene" $1 "_" int(n / 40), NR % 3 ? "missense" : "lof" }' "${bed%.bed}.bim" >annotations
awk 'BEGIN { srand(4); print "sample_id,y,z,b,g,died,years,c" }
     { z = rand() < 0.1 ? "NA" : rand() + rand(); years = 10 * rand()
       print $2 "," rand() + rand() "," z "," (rand() < 0.08) "," int(3 * rand()) "," (rand() < years / 60) "," years "," rand() }' \
    "${bed%.bed}.fam" >table.csv
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits y --table_traits z --table_traits b --table_traits g \
    --ordinal_traits g --time_to_event "t = died : years" --table_covariates c --sex false --groups false --output phenotypes
run() { # ranks threads name flags...
    local ranks=$1 threads=$2 name=$3; shift 3
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" gene_tests --genotypes "$store" \
        --phenotypes phenotypes/phenotypes/phenotypes.h5 --threads "$threads" --output "$name" "$@"
}
genes=(--annotations annotations --masks 'lof: lof' --masks 'all: lof missense' --leave_one_out true --write_covariance true)
digest() { sha256sum <"$1/gene_tests/gene_tests.h5"; sha256sum <"$1/gene_tests/score_covariance.h5"; }
run 1 1 r1t1 "${genes[@]}"
expected=$(digest r1t1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    read -r ranks threads <<<"$layout"
    run "$ranks" "$threads" "r${ranks}t$threads" "${genes[@]}"
    [[ $(digest "r${ranks}t$threads") == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
run 1 1 alone "${genes[@]}" --traits b
run 1 1 passes "${genes[@]}" --traits_per_pass 1
table() { quiet "$SALUS" export "$1/gene_tests/gene_tests.h5" --table "$2" --output "$3"; }
for trait in b y t; do
    table r1t1 "traits/$trait" "r1t1.$trait.tsv"
    table passes "traits/$trait" "passes.$trait.tsv"
    cmp "r1t1.$trait.tsv" "passes.$trait.tsv"
done
table alone traits/b alone.b.tsv
cmp r1t1.b.tsv alone.b.tsv
[[ $(wc -l <r1t1.b.tsv) -gt 100 ]] || { echo "too few rows"; exit 1; }
method() { awk -F'\t' 'NR == 1 { for (c = 1; c <= NF; ++c) if ($c == "method") m = c } NR > 1 { ++n[$m] } END { print n[1] + 0, n[2] + 0, n[3] + n[4] + 0 }' "$1"; }
read -r asymptotic saddlepoint resampled <<<"$(method r1t1.b.tsv)"
((saddlepoint > 20 && resampled > 3 && asymptotic == 0)) || { echo "methods of b: $asymptotic $saddlepoint $resampled"; exit 1; }
read -r asymptotic saddlepoint resampled <<<"$(method r1t1.t.tsv)"
((saddlepoint > 20 && resampled > 3 && asymptotic == 0)) || { echo "methods of t: $asymptotic $saddlepoint $resampled"; exit 1; }
read -r asymptotic saddlepoint resampled <<<"$(method r1t1.y.tsv)"
((saddlepoint == 0 && resampled == 0 && asymptotic > 20)) || { echo "methods of y: $asymptotic $saddlepoint $resampled"; exit 1; }

# Windows of 40 variants hold those of the genes. Random numbers belong to names, so without them.
table r1t1 set_variants genes.variants.tsv
windows=(--window_unit variants --window_size 40 --window_step 40 --resample_cases_max 0)
run 1 1 genes --annotations annotations --resample_cases_max 0
run 1 1 windows "${windows[@]}"
run 3 1 windows3 "${windows[@]}"
[[ $(digest windows) == "$(digest windows3)" ]] || { echo "windows differ on 3 ranks"; exit 1; }
for trait in b y t; do
    table genes "traits/$trait" "genes.$trait.tsv"
    table windows "traits/$trait" "windows.$trait.tsv"
    cmp "genes.$trait.tsv" "windows.$trait.tsv"
done
# Every base pair lies in two windows of 50 kb with a step of 25 kb, but for those of the first step.
run 1 1 bp --window_size 50000 --traits y
table bp set_variants bp.tsv
awk -F'\t' 'NR == 1 { next } { ++n[$3 ":" $4 ":" $6 ":" $7]; split($1, w, /[:-]/); if ($4 < w[2] || $4 > w[3]) bad = 1; first[$3 ":" $4 ":" $6 ":" $7] = $4 <= 25000 }
    END { for (v in n) { ++all; if (n[v] != (first[v] ? 1 : 2)) bad = 1 } exit bad || all < 500 }' bp.tsv || { echo "wrong windows"; exit 1; }

refused() { ! "$SALUS" gene_tests --genotypes "$store" --phenotypes phenotypes/phenotypes/phenotypes.h5 --output no "${@:2}" >no.log 2>&1 &&
    grep -q -- "$1" no.log || { echo "not refused: $1"; cat no.log; exit 1; }; [[ ! -e no/gene_tests ]]; }
refused 'trait "g" is of kind "ordinal"' --annotations annotations --traits g
refused 'quantitative, binary and time-to-event' --annotations annotations --traits g
refused 'there are no sets' --traits y
refused 'annotations has no use with windows' --annotations annotations --window_size 5
refused 'there are no windows' --annotations annotations --window_step 5
table r1t1 traits_skipped skipped.tsv
grep -q '^g' skipped.tsv || { echo "the ordinal trait is not listed"; exit 1; }

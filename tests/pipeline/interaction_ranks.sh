#!/usr/bin/env bash
# interaction gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads: with a covariate and with a variant as
# environment, quantitative and binary traits, chromosomes X and Y. Bad input ends with its reason.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 220 --chromosomes chr1 --chromosomes chrX --chromosomes chrY --region_mb 1 --common_per_mb 400 \
    --rare_per_mb 100 --formats bed --output simulated --seed 9
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
fam=$(find simulated -name 'genotypes.fam')
awk 'BEGIN {srand(4); print "sample_id,height,ill,age,smoker"}
     {print $2 "," 170 + 10 * rand() "," (rand() < 0.4) "," (NR % 20 ? 40 + 20 * rand() : "NA") "," (rand() < 0.5)}' "$fam" >table.csv
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits height --table_traits ill --table_covariates age \
    --table_covariates smoker --groups false --output phenotypes
base=("$SALUS" interaction --genotypes "$store" --phenotypes "$(find phenotypes -name phenotypes.h5)" --effective_samples_min 5 --effective_samples_min_binary 5
    --minor_allele_count_min 5 --traits height --traits ill)
variant=$(awk '$1 ~ /1$/ {n++; if (n == 30) print $2}' "$(find simulated -name 'genotypes.bim')")
run() { # ranks threads flags...
    local ranks=$1 threads=$2; shift 2
    rm -rf out
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "${base[@]}" --threads "$threads" "$@" --output out
    sha256sum <out/interaction/interaction.h5
}
for flags in "--environment smoker" "--environment_variant $variant --robust hc2 --centre true"; do
    expected=$(run 1 1 $flags)
    for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
        [[ $(run $layout $flags) == "$expected" ]] || { echo "results differ on $layout (ranks threads), $flags"; exit 1; }
    done
done

fails() { # message flags...
    local message=$1; shift
    rm -rf out
    local got=0
    "${base[@]}" "$@" --output out >run.log 2>&1 || got=$?
    [[ $got == [23] ]] && grep -q "$message" run.log || { echo "expected exit 2 or 3 and: $message, got $got"; cat run.log; exit 1; }
}
fails 'there is no environment'
fails 'there are two environments' --environment age --environment_variant "$variant"
fails 'did you mean "smoker"' --environment smokr
fails 'both the environment and a trait' --environment ill
fails 'there is no variant "chr1:1:A:C"' --environment_variant chr1:1:A:C

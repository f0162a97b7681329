#!/usr/bin/env bash
# Time to event against R's survival package. Cox fits: published fits of eight data sets (ties, strata, weights, late entry,
# clusters; one where plain Newton steps diverge), to 1e-8 relative as their references promise. Association: real genotypes,
# with and without late entry, variant by variant: Wald tests and score statistics to 1e-6 relative.
set -euo pipefail
folder=$SALUS_DATA/survival
[[ -d $folder ]] || { echo "no reference data"; exit 77; }
fit=$(dirname "$SALUS")/tests/fit_cox
[[ -x $fit ]] || { echo "fit_cox is not built"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/survival_compare.py" "$@"; }
compare fits "$fit" "$folder"

source_set=$SALUS_DATA/genomes/pgen_snpnet_sample
[[ -d $source_set ]] || { echo "no reference genotypes"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
Rscript -e 'library(survival)' >/dev/null 2>&1 || { echo "R survival is not installed"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
gunzip -c "$source_set/sample.phe.gz" >sample.phe
compare table sample.phe table.csv
quiet plink2 --pfile "$source_set/sample" vzs --make-bed --out sample
quiet "$SALUS" ingest_genomes --genotypes sample.bed --genome_build GRCh37 --output genomes
store=$(find genomes -type d -name genotypes.store)
covariates=()
for name in age sex PC1 PC2 PC3 PC4 PC5; do covariates+=(--table_covariates "$name"); done
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --sex false --groups false "${covariates[@]}" \
    --time_to_event "plain = event : time" --time_to_event "late_entry = event : time : entry" --output phenotypes
for test in wald score score_saddlepoint; do
    quiet "$SALUS" association --genotypes "$store" --phenotypes phenotypes/phenotypes/phenotypes.h5 --traits plain --traits late_entry \
        --minor_allele_count_min 10 --time_to_event_test $test --hazard_ratio_p_max 0 --exact_copies_max 0 --output $test
done
compare choose sample table.csv chosen
for trait in plain late_entry; do
    entry=no; [[ $trait == late_entry ]] && entry=yes
    quiet Rscript "$SALUS_SOURCE/tests/peer/survival_fits.R" chosen.samples.csv chosen.genotypes.csv $entry chosen.r
    compare variants chosen $trait {wald,score,score_saddlepoint}/association/association.h5
done

#!/usr/bin/env bash
# Kinship against plink2 --make-king-table: all pairs of HapMap, the 1000 Genomes and a simulated cohort have
# identical counts and kinship to the six digits that plink2 prints, with and without the screen; the planted
# relatives of the simulated cohort are found; and the bytes are the same for 1 to 4 ranks and 2 threads.
set -euo pipefail
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare_script=$SALUS_SOURCE/tests/peer/kinship_compare.py

kinship() { # folder store flags...
    local folder=$1 store=$2; shift 2
    "$SALUS" kinship --genotypes "$store" --output "$folder" "$@" 2>"$folder.log" || { cat "$folder.log"; exit 1; }
}
compare() { # name bed-prefix
    local name=$1 bed=$2
    "$SALUS" ingest_genomes --genotypes "$bed.bed" --genome_build GRCh38 --output "$name" 2>"$name.log"
    local store=$name/ingest_genomes/genotypes.store
    plink2 --bfile "$bed" --threads 1 --make-king-table counts --out "$name" >"$name.plink.log" 2>&1
    kinship "$name-all" "$store" --kinship_min=-1000 --minor_allele_frequency_min 0
    kinship "$name-exact" "$store" --minor_allele_frequency_min 0
    kinship "$name-none" "$store" --minor_allele_frequency_min 0 --screen none
    /usr/bin/python3 "$compare_script" plink "$name.kin0" "$bed" "$name"-{all,exact,none}/kinship/kinship.h5
}
data=${SALUS_DATA:-}/genomes
if [[ -d $data/hapmap279_snprelate ]]; then
    compare hapmap "$data/hapmap279_snprelate/hapmap279"
    compare kg "$data/kg1092_thinned/kg1092"
fi

# Families whose truth is known: 2,100 samples, so that there are two bands.
"$SALUS" simulate --samples 2100 --family_share 0.2 --formats bed --region_mb 25 --common_per_mb 40 --rare_per_mb 0 \
    --hardy_weinberg_faults 0 --seed 3 --output made 2>made.log
cohort=$(dirname "$(find made -name genotypes.bed -not -path '*/work/*')")
compare made "$cohort/genotypes"
store=made/ingest_genomes/genotypes.store
kinship sheet "$store" --sample_sheet "$cohort/samples.tsv"
/usr/bin/python3 "$compare_script" truth "$cohort/truth" sheet/kinship/kinship.h5
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for layout in '1 2' '2 1' '3 1' '4 1'; do
    read -r ranks threads <<<"$layout"
    OMP_NUM_THREADS=$threads mpirun --oversubscribe -n "$ranks" "$SALUS" kinship --genotypes "$store" --threads "$threads" \
        --sample_sheet "$cohort/samples.tsv" --output "r$ranks" 2>"r$ranks.log" || { cat "r$ranks.log"; exit 1; }
    cmp sheet/kinship/kinship.h5 "r$ranks/kinship/kinship.h5"
    rm -rf "r$ranks"
done
echo "ok      the same bytes on 1 to 4 ranks"

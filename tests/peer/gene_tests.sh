#!/usr/bin/env bash
# Gene-based tests against the published results of SKAT 2.2.5, masks that regenie built, and dense formulas in numpy.
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/skat_example && -d $data/regenie_example ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/gene_tests_compare.py" "$@"; }
prepare() { # name bed table traits... -- covariates...
    local name=$1 bed=$2 table=$3 flags=(); shift 3
    quiet "$SALUS" ingest_genomes --genotypes "$bed" --output "$name.genomes"
    while [[ $1 != -- ]]; do flags+=(--table_traits "$1"); shift; done; shift
    for c in "$@"; do flags+=(--table_covariates "$c"); done
    quiet "$SALUS" phenotypes --genotypes "$name.genomes/ingest_genomes/genotypes.store" --table "$table" "${flags[@]}" \
        --sex false --groups false --output "$name.phenotypes"
}
tests() { # name output flags...
    local name=$1 output=$2; shift 2
    quiet "$SALUS" gene_tests --genotypes "$name.genomes/ingest_genomes/genotypes.store" \
        --phenotypes "$name.phenotypes/phenotypes/phenotypes.h5" --output "$output" "$@"
}

# The example of the R package SKAT: one set, all variants, no collapsing. Its SKAT is Davies' method to 1e-6 (rel
# 1e-4); SKAT-O with matched quantiles, where integrate() of R is good to about 1e-2 of a small p.
compare skat_files "$data/skat_example" skat
quiet plink2 --vcf skat.vcf --threads 1 --make-bed --out skat
prepare skat skat.bed skat.csv y_c y_b -- X1 X2
tests skat skat.out --annotations skat.annotations --frequency_max 0.5 --singletons false --collapse_count_max 0 \
    --skat_o_quantiles matched
compare skat skat.out/gene_tests/gene_tests.h5 "$data/skat_example/expected_SKAT_2.2.5.tsv"

# Masks of regenie, who left out six people: the same variants, the maximum by person.
regenie=$data/regenie_example
compare regenie_table "$regenie" regenie.csv
quiet plink2 --bfile "$regenie/example_3chr" --remove "$regenie/fid_iid_to_remove.txt" --threads 1 --make-bed --out kept
prepare kept kept.bed regenie.csv Y1 Y2 -- V1 V2 V3
common=(--annotations "$regenie/example_3chr.annotations" --gene_sets "$regenie/example_3chr.setlist"
    --gene_masks "$regenie/example_3chr.masks" --frequency_max 0.2 --frequency_max 0.05)
tests kept kept.max "${common[@]}" --frequency_allele alt
compare regenie_masks kept.max/gene_tests/gene_tests.h5 "$regenie/example_3chr_masks" regenie.csv kept.fam

# Every row against dense formulas.
prepare regenie "$regenie/example_3chr.bed" regenie.csv Y1 Y2 B1 -- V1 V2 V3
for coding in max sum comphet; do
    for collapse in 0 30; do
        tests regenie "regenie.$coding.$collapse" "${common[@]}" --burden_coding "$coding" --collapse_count_max "$collapse" --write_covariance true
        compare dense "regenie.$coding.$collapse/gene_tests" "$regenie" regenie.csv "$coding" "$collapse"
    done
done

# With regenie's predictions without each chromosome, in standard deviations, as offset: the effect of the burden by least
# squares on the trait less the prediction.
echo "Y1 $regenie/expected_regenie_Y1/fit_lin_out_3chr_1.loco" >predictions.list
tests regenie regenie.offset "${common[@]}" --traits Y1 --null_model predictions.list
compare offset regenie.offset/gene_tests/gene_tests.h5 "$regenie" regenie.csv predictions.list

#!/usr/bin/env bash
# Association of real genotypes against plink2, published Firth results of R, and plain fits in numpy:
# beta and standard_error to 1e-5 relative (and plink2's six printed digits), neg_log10_p to 1e-4; and SPAtest.
set -euo pipefail
source_set=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $source_set ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

ingest() { # name bed-prefix
    "$SALUS" ingest_genomes --genotypes "$2.bed" --output "$1/genomes"
}
make_table() { # name traits... -- covariates...
    local name=$1 flags=(); shift
    while [[ $1 != -- ]]; do flags+=(--table_traits "$1"); shift; done; shift
    for c in "$@"; do flags+=(--table_covariates "$c"); done
    "$SALUS" phenotypes --genotypes "$name/genomes/ingest_genomes/genotypes.store" --table "$name/table.csv" "${flags[@]}" \
        --sex false --groups false --output "$name/phenotypes"
}
associate() { # name output flags...
    local name=$1 output=$2; shift 2
    "$SALUS" association --genotypes "$name/genomes/ingest_genomes/genotypes.store" --phenotypes "$name/phenotypes/phenotypes/phenotypes.h5" \
        --minor_allele_count_min 1 --output "$name/$output" "$@"
}
check() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" "$@"; }

# 1000 Genomes: quantitative and binary traits with seven covariates; one trait has missing values.
mkdir -p kg
covariates=(sex01 age PC1 PC2 PC3 PC4 PC5)
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" join "$source_set/pheno.txt" "$source_set/covar.txt" kg/table.csv
ingest kg "$source_set/kg1092"
make_table kg q1 q2 bt bt_rare -- "${covariates[@]}"
associate kg wald --binary_test wald
associate kg firth --binary_test firth --traits bt_rare --firth_standard_error information
associate kg firth_ratio --binary_test firth --traits bt_rare
associate kg approximate --traits bt_rare --exact_copies_max 0
# Two standard deviations, as SPAtest.
associate kg saddlepoint --binary_test score_saddlepoint --exact_copies_max 0 --refit_p_max 0.0455002638963584 --traits bt --traits bt_rare
plink2 --bfile "$source_set/kg1092" --1 --pheno "$source_set/pheno.txt" --covar "$source_set/covar.txt" \
    --covar-variance-standardize --threads 1 --out kg/plink \
    --glm omit-ref hide-covar no-firth log10 cols=chrom,pos,ref,alt,a1freq,nobs,beta,se,p,err >kg/plink.log 2>&1 ||
    { cat kg/plink.log; exit 1; }
check plink kg/wald/association/association.h5 q1 kg/plink.q1.glm.linear
check plink kg/wald/association/association.h5 q2 kg/plink.q2.glm.linear
check wald kg/wald/association/association.h5 bt "$source_set/kg1092" kg/table.csv "${covariates[@]}"
check plink kg/wald/association/association.h5 bt kg/plink.bt.glm.logistic
check plink kg/wald/association/association.h5 bt_rare kg/plink.bt_rare.glm.logistic
check firth kg/firth/association/association.h5 bt_rare "$source_set/expected_R_firth_bt_rare.tsv"
check firth kg/firth_ratio/association/association.h5 bt_rare "$source_set/expected_R_firth_bt_rare.tsv"
check approximate kg/approximate/association/association.h5 bt_rare kg/firth/association/association.h5
for trait in bt bt_rare; do
    check saddlepoint kg/saddlepoint/association/association.h5 $trait "$source_set/expected_SPAtest_$trait.tsv.gz"
done

# Two strata with missing genotypes: plain fits on the mean-imputed dosage.
cc=$SALUS_DATA/genomes/snpstats_casecontrol_chr10
mkdir -p cc
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" strata "$cc/pheno.tsv" cc/table.csv
ingest cc "$cc/chr10"
make_table cc cc cc_score -- stratum
associate cc wald --binary_test wald --traits cc --traits cc_score
check imputed cc/wald/association/association.h5 cc_score "$cc/chr10" cc/table.csv
check wald cc/wald/association/association.h5 cc "$cc/chr10" cc/table.csv stratum

# HapMap with chromosome X: males coded 0 or 2, as in plink2 --xchr-model 2.
hapmap=$SALUS_DATA/genomes/hapmap279_snprelate
mkdir -p hapmap
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" hapmap "$hapmap/hapmap279.fam" hapmap/table.csv
ingest hapmap "$hapmap/hapmap279"
make_table hapmap y -- male
associate hapmap linear
plink2 --bfile "$hapmap/hapmap279" --pheno hapmap/plink.pheno --threads 1 --out hapmap/plink \
    --glm sex allow-no-covars omit-ref hide-covar log10 cols=chrom,pos,ref,alt,a1freq,nobs,beta,se,p,err >hapmap/plink.log 2>&1 ||
    { cat hapmap/plink.log; exit 1; }
check plink hapmap/linear/association/association.h5 y hapmap/plink.y.glm.linear

# regenie's second step given its predictions: linear with offsets that are not 0; logistic, where those of the
# only chromosome are 0; and approximate Firth of a later version, whose standard errors are of the information.
regenie=$SALUS_DATA/genomes/regenie_example
expected=$regenie/expected_regenie_Y1
for set in example example_3chr; do
    mkdir -p "$set"
    check regenie_table "$regenie" "$set/table.csv"
    ingest "$set" "$regenie/$set"
    make_table "$set" Y1 B1 B1kept -- V1 V2 V3
done
echo "Y1 $expected/fit_lin_out_3chr_1.loco" >linear.list
echo "B1 $expected/fit_bin_out_1.loco" >binary.list
associate example_3chr linear --loco linear.list --traits Y1
associate example binary --loco binary.list --traits B1 --traits Y1 --refit_p_max 0.5 --exact_firth_p_max 0
associate example firth --traits B1kept --refit_p_max 0.01 --exact_firth_p_max 0 --firth_standard_error information
check regenie example_3chr/linear/association/association.h5 Y1 "$expected/test_lin_out_3chr_Y1.regenie" linear
check regenie example/binary/association/association.h5 B1 "$expected/test_bin_out_half_firth_Y1.regenie" score
check regenie example/firth/association/association.h5 B1kept "$regenie/test_bin_out_firth_Y1.regenie" firth

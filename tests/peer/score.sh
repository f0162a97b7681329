#!/usr/bin/env bash
# Scores against plink2 --score. Reference set: the digits that plink2 prints in all its modes (5 of 6 digits: 2e-5) and sums in
# doubles (1e-12 of the spread of the scores; weights have 46 bits). Simulated set: dosages of a VCF, X in both sexes, and
# one hundred scores in one pass, where plink2 is there.
set -euo pipefail
set=$SALUS_DATA/survival/prs
[[ -d $set ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare=$SALUS_SOURCE/tests/peer/score_compare.py
score() { # name genotypes weights options
    local name=$1 genotypes=$2 weights=$3; shift 3
    "$SALUS" score --genotypes "$genotypes" --scores "$weights" --ambiguous keep --strand_flips false --match_by id "$@" \
        --output "$name" 2>log || { cat log; exit 1; }
}
reference() { # printed by plink2, options
    local file=$1; shift
    score "$file" "$set/geno_miss.bed" "$set/weights.tsv" "$@"
    /usr/bin/python3 "$compare" printed "$file/score/score.h5" "$set/score.$file.sscore" SUM
}
reference default
/usr/bin/python3 "$compare" exact default/score/score.h5 "$set/score_fullprecision.csv" meanimp
reference no_mean_imputation --missing nothing
/usr/bin/python3 "$compare" exact no_mean_imputation/score/score.h5 "$set/score_fullprecision.csv" noimp
reference center --mode centred --missing plink2
reference variance_standardize --mode standardised --missing plink2
reference dominant --mode dominant --missing plink2
reference recessive --mode recessive --missing plink2
reference center_readfreq --mode centred --missing plink2 --frequencies "$set/train_freq.afreq"
for missing in expected nothing; do
    score "average_$missing" "$set/geno_miss.bed" "$set/weights.tsv" --value average --missing $missing
done
/usr/bin/python3 "$compare" printed average_expected/score/score.h5 "$set/score.default.sscore" AVG
/usr/bin/python3 "$compare" printed average_nothing/score/score.h5 "$set/score.no_mean_imputation.sscore" AVG
# Entries of variants that this file does not have: 0.2 of them are enough here.
gunzip -c "$set/dosage.vcf.gz" >dosage.vcf
score dosages dosage.vcf "$set/weights.tsv" --overlap_min 0.1
/usr/bin/python3 "$compare" printed dosages/score/score.h5 "$set/score.dosage_vcf.sscore" SUM

command -v plink2 >/dev/null || { echo "plink2 is not installed: the rest is left out"; exit 0; }
# One hundred scores in one pass, on chr1 and in both parts of X; males have one copy of the second.
/usr/bin/python3 "$compare" genotypes g.vcf g.psam
plink2 --vcf g.vcf --psam g.psam --split-par b38 --make-bed --out g >plink.log 2>&1 || { tail -5 plink.log; exit 1; }
/usr/bin/python3 "$compare" weights g.bim weights.tsv 100
plink2 --bfile g --threads 1 --score weights.tsv 1 2 header-read cols=+scoresums --score-col-nums 3-102 --out p >plink.log 2>&1 ||
    { tail -5 plink.log; exit 1; }
score hundred g.bed weights.tsv
/usr/bin/python3 "$compare" printed hundred/score/score.h5 p.sscore SUM

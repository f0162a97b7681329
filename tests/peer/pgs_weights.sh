#!/usr/bin/env bash
# Weights of polygenic scores against the reference set: LDpred2-inf and lassosum2 by direct solution (1e-8 of the largest effect), index
# variants of clumps (those of the rule; plink 1.9 takes r2 from haplotypes), correlation of the score with the trait in people who were not used.
set -euo pipefail
set=$SALUS_DATA/survival/prs
[[ -d $set ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare=$SALUS_SOURCE/tests/peer/pgs_weights_compare.py
weights() { # name options
    local name=$1; shift
    "$SALUS" pgs_weights --genotypes "$set/geno.bed" --statistics "$set/gwas_qt_train.tsv" --checks false "$@" --output "$name" 2>log ||
        { cat log; exit 1; }
}
awk -F, '$2 == "train" { print $1 }' "$set/pheno.csv" >train.txt
# One block per chromosome, LD of the people of the statistics.
weights direct --ld_samples train.txt --methods infinitesimal --methods lassosum2 --heritability 0.5 --lambda_shares 0.5 --lambda_shares 0.2 \
    --deltas 0.001 --deltas 0.01 --deltas 0.1 --deltas 1 --lasso_tolerance 1e-13
/usr/bin/python3 "$compare" models direct/pgs_weights/pgs_weights.h5 "$set/model_betas.tsv"
for rule in '0.001 0.01 0.1 250' '0.01 1 0.5 100' '1 1 0.2 500'; do
    read -r p1 p2 r2 kb <<<"$rule"
    weights "clump$kb" --methods clumping --clump_r2 "$r2" --clump_kb "$kb" --p_thresholds "$p1"
    /usr/bin/python3 "$compare" clumps "clump$kb/pgs_weights/pgs_weights.h5" "$set/clump.p1_${p1}_p2_${p2}_r2_${r2}_kb_$kb.clumped" \
        "$set/geno" "$set/gwas_qt_train.tsv" "$p1" "$r2" "$kb"
done
# Scores of the people who were not used; score reads both files of the stage.
"$SALUS" score --genotypes "$set/geno.bed" --scores direct/pgs_weights/pgs_weights.h5 --scores direct/pgs_weights/weights.txt --ambiguous keep \
    --output scores 2>log || { cat log; exit 1; }
/usr/bin/python3 "$compare" test scores/score/score.h5 "$set/pheno.csv" "$set/models.json"
# The chains agree with each other, and do better than chance.
weights auto --ld_samples train.txt --methods auto --methods continuous_shrinkage --methods mixture --chains 10 --shrink 0.95
"$SALUS" score --genotypes "$set/geno.bed" --scores auto/pgs_weights/pgs_weights.h5 --output auto_scores 2>log || { cat log; exit 1; }
/usr/bin/python3 "$compare" auto auto/pgs_weights/pgs_weights.h5 auto_scores/score/score.h5 "$set/pheno.csv"
# PRS-CS against its upstream program, with its phi.
weights shrinkage --ld_samples train.txt --methods continuous_shrinkage --shrinkage_phis 0.01 --shrinkage_chains 6 --burn_in 300 --kept_iterations 1500
/usr/bin/python3 "$compare" shrinkage shrinkage/pgs_weights/pgs_weights.h5 "$set/prscs_reference.csv" "$set/model_betas.tsv"

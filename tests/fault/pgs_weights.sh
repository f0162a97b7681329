#!/usr/bin/env bash
# Statistics that do not fit: a clear answer, the exit code, and nothing published; a heritability that cannot be estimated.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
"$SALUS" simulate --samples 200 --chromosomes chr1 --region_mb 1 --common_per_mb 200 --rare_per_mb 0 --formats bed --output simulated \
    --seed 4 2>log
bed=$(find simulated -name genotypes.bed)
bim=${bed%.bed}.bim
# Standard errors of a trait with SD 1 in 10,000 people, at the frequency of a half: they fit common variants.
columns='chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\tp_value'
rows() { awk -v n="$1" -v b="$2" '{ printf "%s\t%s\t%s\t%s\t%g\t0.014\t0.5%s\n", $1, $4, $5, $6, b * (NR % 2 ? 1 : -1), n }' "$bim"; }
{ printf "$columns\tn\n"; rows $'\t10000' 0.001; } >flat.tsv
{ printf "$columns\n"; rows '' 0.001; } >no_n.tsv
refuses() { # exit code, words of the answer, options
    local code=$1 words=$2 got=0; shift 2
    rm -rf out
    "$SALUS" pgs_weights --genotypes "$bed" --output out --chains 2 --burn_in 5 --kept_iterations 5 "$@" 2>answer || got=$?
    [[ $got == "$code" ]] || { echo "exit code $got instead of $code"; cat answer; exit 1; }
    grep -q -- "$words" answer || { echo "the answer does not say '$words'"; cat answer; exit 1; }
    [[ -z $(find out -name pgs_weights.h5 -not -path '*/work/*' 2>/dev/null) ]] || { echo "something was published"; exit 1; }
}
# Chi-squares below 1: the estimate is not positive, 0.01 is used and said.
"$SALUS" pgs_weights --genotypes "$bed" --statistics flat.tsv --loss_max 1 --chains 2 --burn_in 5 --kept_iterations 5 --output flat 2>answer ||
    { cat answer; exit 1; }
grep -q '0.01 is used' answer
refuses 3 'sample_size' --statistics no_n.tsv
refuses 3 'pass the checks' --statistics flat.tsv --sample_size 50
refuses 3 'pass the checks' --statistics flat.tsv --binary true --sample_size 10000 --loss_max 0.05
# Other positions: nothing is found.
awk 'BEGIN { FS = OFS = "\t" } NR > 1 { $2 += 5000001 } { print }' flat.tsv >shifted.tsv
refuses 3 'are of variants of the genotypes' --statistics shifted.tsv
refuses 2 "no method 'magic'" --statistics flat.tsv --methods magic
refuses 2 'clump_r2' --statistics flat.tsv --clump_r2 2
{ cat flat.tsv; printf 'chr1\t5\n'; } >cut.tsv
refuses 3 'cells' --statistics cut.tsv

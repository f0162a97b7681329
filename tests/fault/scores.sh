#!/usr/bin/env bash
# Files of weights that are wrong: a clear answer, the exit code, and nothing published.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
"$SALUS" simulate --samples 60 --chromosomes chr1 --region_mb 1 --common_per_mb 200 --rare_per_mb 0 --formats bed --output simulated \
    --seed 4 2>log
bed=$(find simulated -name genotypes.bed)
"$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output genomes 2>log
store=$(find genomes -type d -name genotypes.store)
bim=${bed%.bed}.bim
head_of() { printf '#pgs_id=%s\n#genome_build=%s\nrsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n' "$1" "$2"; }
{ head_of good GRCh38; awk '{print $2"\t"$1"\t"$4"\t"$5"\t"$6"\t0.1"}' "$bim"; } >good.txt
refuses() { # exit code, words of the answer, options
    local code=$1 words=$2 got=0; shift 2
    rm -rf out
    "$SALUS" score --genotypes "$store" --output out "$@" 2>answer || got=$?
    [[ $got == "$code" ]] || { echo "exit code $got instead of $code"; cat answer; exit 1; }
    grep -q -- "$words" answer || { echo "the answer does not say '$words'"; cat answer; exit 1; }
    [[ -z $(find out -name score.h5 -not -path '*/work/*' 2>/dev/null) ]] || { echo "something was published"; exit 1; }
}
accepts() { rm -rf out; "$SALUS" score --genotypes "$store" --output out "$@" 2>answer || { cat answer; exit 1; }; }
accepts --scores good.txt --ambiguous keep
gzip -k good.txt
accepts --scores good.txt.gz --ambiguous keep

# Positions of another build: declared, and not declared (then few are found).
sed 's/GRCh38/GRCh37/; s/^rs[^\t]*/./; s/^[0-9X][^\t]*\t/.\t/' good.txt >wrong_build.txt
refuses 3 'other build\|of GRCh37\|are in the genotypes' --scores wrong_build.txt --match_by position
{ head_of shifted NR; awk '{print ".\t"$1"\t"$4 + 1000003"\t"$5"\t"$6"\t0.1"}' "$bim"; } >shifted.txt
refuses 3 'coordinates of the file are of an unknown build' --scores shifted.txt
# The same entries are found by identifier where the variants have one.
# Half of the entries of another study: too few; skipped on request, but not if it is the only score.
{ cat good.txt; awk '{print "no"NR"\t1\t"$4 + 5000001"\tA\tC\t1"}' "$bim"; } >half.txt
refuses 3 'overlap_min' --scores good.txt --scores half.txt --ambiguous keep
refuses 3 'overlap_min' --scores half.txt --ambiguous keep --on_low_overlap skip
accepts --scores good.txt --scores half.txt --ambiguous keep --on_low_overlap skip
grep -q 'skipped' answer
# Only ambiguous variants.
{ head_of at GRCh38; awk '{print $2"\t"$1"\t"$4"\tA\tT\t0.1"}' "$bim"; } >at.txt
refuses 3 'are in the genotypes' --scores at.txt
# Broken files.
head -c 200 good.txt.gz >cut.txt.gz
refuses 3 'cut.txt.gz' --scores cut.txt.gz
{ cat good.txt; printf 'rs1\t1\t5\tA\tC\tmuch\n'; } >words.txt
refuses 3 "'much' is no number" --scores words.txt
head_of empty GRCh38 >empty.txt
refuses 3 'no entries' --scores empty.txt
mkdir none
refuses 3 'no file of weights' --scores none
refuses 3 'no column' --scores good.txt --weight_columns beta2
printf 'someone\n' >strangers.txt
refuses 3 'no sample of the list' --scores good.txt --ambiguous keep --reference_samples strangers.txt
printf 'ID\tREF\tALT\tALT_FREQS\nnone\tA\tC\t0.5\n' >frequencies.txt
refuses 3 'have no frequency' --scores good.txt --ambiguous keep --frequencies frequencies.txt

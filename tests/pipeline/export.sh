#!/usr/bin/env bash
# show and export on the results of the demo: the text has the rows of the file, opens with tabix, and is
# GWAS-SSF where asked.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
[[ -f $SALUS_DEMO/association/association.h5 ]] || { echo "no results of the demo"; exit 77; }
rm -rf "$SALUS_TMP"
mkdir -p "$SALUS_TMP"
cd "$SALUS_TMP"
results=$SALUS_DEMO/association/association.h5

for file in "$SALUS_DEMO"/*/*.h5 "$SALUS_DEMO/ingest_genomes/genotypes.store"; do
    "$SALUS" show "$file" >show.txt
    grep -q 'rows x' show.txt || fail "no tables in $file"
    grep -q '^provenance' show.txt || fail "no provenance in $file"
done
trait=$("$SALUS" show "$results" --rows 0 | sed -n 's|^\(traits/[^:]*\):.*|\1|p' | sed -n 1p)
[[ -n $trait ]] || fail 'no trait in the association result'
rows=$("$SALUS" show "$results" variants --rows 0 | sed -n 's/^variants: \([0-9,]*\) rows.*/\1/p' | tr -d ,)

"$SALUS" export "$results" --table "$trait" --output plain.tsv
[[ $(wc -l <plain.tsv) == $((rows + 1)) ]] || fail 'rows of the plain table'
"$SALUS" export "$results" --table "$trait" --output zipped.tsv.gz
cmp plain.tsv <(gzip -dc zipped.tsv.gz) || fail 'zipped and plain differ'
if command -v tabix >/dev/null; then
    line=$(sed -n 2p plain.tsv)
    place=$(awk -F'\t' '{ print $1 ":" $2 "-" $2 }' <<<"$line")
    tabix zipped.tsv.gz "$place" >found.tsv
    grep -qF -- "$line" found.tsv || fail "tabix does not find $place"
fi
"$SALUS" export "$results" --table "$trait" --output ssf.tsv --format gwas-ssf
head -1 ssf.tsv | grep -q '^chromosome	base_pair_location	effect_allele	other_allele	beta	standard_error	effect_allele_frequency	neg_log_10_p_value' ||
    fail 'columns of GWAS-SSF'
grep -q "$(md5sum <ssf.tsv | cut -d' ' -f1)" ssf.tsv-meta.yaml || fail 'digest in the metadata'

expect 2 "$SALUS" export "$results" --table traits/none --output x.tsv
says "has no table 'traits/none'"
expect 2 "$SALUS" export "$results" --table variants --output x.tsv --format gwas-ssf
says 'holds no association statistics'
expect 3 "$SALUS" show "$SALUS_SOURCE/LICENSE"
says 'this is not an HDF5 file'
expect 2 "$SALUS" export "$results" --table variants --output none/x.tsv
[[ ! -e x.tsv ]] || fail 'something was written'
"$SALUS" status "$SALUS_DEMO" >status.txt
grep -q 'association  *complete' status.txt || fail 'status'
nothing_left "$SALUS_TMP"

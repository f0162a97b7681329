#!/usr/bin/env bash
# Stages read VCF, BCF and PLINK 1 files directly: the same columns as from the store ingested from
# the file, on one rank and on two.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
run() { "$SALUS" "$@" 2>log || { cat log; exit 1; }; }
run simulate --samples 300 --chromosomes chr22 --chromosomes chrX --region_mb 2 --formats vcf --formats bcf --formats bed --output made
made=made/simulate/cohort
awk 'NR > 1 { printf "%s,%d.%d,%d\n", $1, NR % 7, NR % 11, NR % 3 == 0 }' "$made/samples.tsv" >rows
{ echo "sample_id,y,b"; cat rows; } >table.csv
columns_equal() { # file file
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import h5py, sys
def columns(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, item: found.update({name: item[()].tobytes()})
                     if isinstance(item, h5py.Dataset) and not name.startswith("provenance") else None)
    return found
a, b = map(columns, sys.argv[1:])
assert len(a) > 15 and a.keys() == b.keys()
different = [name for name in a if a[name] != b[name]]
assert not different, different
PYTHON
}
for file in genotypes.vcf.gz genotypes.bcf genotypes.bed; do
    run ingest_genomes --genotypes "$made/$file" --output "$file.ingested"
    store=$file.ingested/ingest_genomes/genotypes.store
    run phenotypes --genotypes "$made/$file" --table table.csv --table_traits y --table_traits b --sex false --groups false \
        --output "$file.phenotypes"
    for source in "$store" "$made/$file"; do
        name=$file.$([[ $source == "$store" ]] && echo store || echo direct)
        run quality --genotypes "$source" --output "$name.quality"
        run association --genotypes "$source" --phenotypes "$file.phenotypes/phenotypes/phenotypes.h5" --output "$name.association"
    done
    mpirun --oversubscribe -n 2 "$SALUS" quality --genotypes "$made/$file" --output "$file.two.quality" 2>log || { cat log; exit 1; }
    columns_equal "$file.store.quality/quality/quality.h5" "$file.direct.quality/quality/quality.h5"
    columns_equal "$file.store.quality/quality/quality.h5" "$file.two.quality/quality/quality.h5"
    columns_equal "$file.store.association/association/association.h5" "$file.direct.association/association/association.h5"
    rm -rf "$file".*
done
# A stage that reads a store says what it takes; a folder that is none is refused.
mkdir empty
if "$SALUS" quality --genotypes empty --output refused 2>log; then echo "an empty folder was taken"; exit 1; else code=$?; fi
[[ $code == 2 || $code == 3 ]] || { cat log; exit 1; }

# A sheet whose column of sexes has another name is read, but not without a word.
{ printf 'sample_id\tgender\n'; awk 'NR > 1 { print $1 "\t1" }' "$made/samples.tsv"; } >gender.tsv
run ingest_genomes --genotypes "$made/genotypes.bed" --sample_sheet gender.tsv --output gender
grep -q 'warning: the sample sheet tells the sex of nobody' log || { cat log; echo "no warning of a sheet without sexes"; exit 1; }

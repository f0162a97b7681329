#!/usr/bin/env bash
# salus verify: sound results, stores, runs and jobs hold; every seeded flip in a result of a run is told by file, and
# every flip in a result file or store alone is told or leaves what is read as it was.
# FLIPS=1000 does it at length; the default is a short selection.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
flips=${FLIPS:-12}
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
cp -r "$SALUS_DEMO" run
store=run/ingest_genomes/genotypes.store

expect 0 "$SALUS" verify run >list
for file in genotypes.store events.h5 phenotypes.h5 quality.h5 association.h5 risk.h5 report.html; do
    grep -q "^ok .*$file" list || { cat list; fail "$file is not in the list"; }
done
expect 0 "$SALUS" verify "$store" run/association/association.h5 >list
[[ $(grep -c '^ok' list) == 2 ]] || { cat list; fail "two lines were expected"; }
expect 2 "$SALUS" verify nowhere; says 'there is no file or folder' nowhere
expect 2 "$SALUS" verify run/state; says 'neither a run nor a genotype store'
expect 6 "$SALUS" verify run/report/report.html; says 'no checksums' 'salus digest'
expect 2 "$SALUS" verify "$SALUS_SOURCE/pipelines/main.toml"

seed=20260202
random() { seed=$(((seed * 1103515245 + 12345) & 0x7fffffffffff)); value=$(((seed >> 8) % $1)); }
flip() { # file bit
    local byte=$(($2 / 8)) old
    old=$(od -An -tu1 -j "$byte" -N 1 "$1")
    printf "\\x$(printf '%02x' $((old ^ (1 << ($2 % 8)))))" | dd of="$1" bs=1 seek="$byte" conv=notrunc status=none
}
# Of a run: results, all files of the store, and the records themselves.
mapfile -t files < <(find run -type f \( -name '*.h5' -o -name 'report.html' -o -path '*/state/*' \) | sort)
for ((n = 0; n < flips; ++n)); do
    random ${#files[@]}; file=${files[value]}
    random $(($(stat -c %s "$file") * 8)); bit=$value
    flip "$file" "$bit"
    got=0; "$SALUS" verify run >list 2>stderr || got=$?
    # The times in a record are of no consequence; everything else is.
    if [[ $got == 0 && $file == */state/* ]]; then
        flip "$file" "$bit"; grep -qE '^(seconds|peak_bytes)' "$file" || fail "bit $bit of $file went unnoticed"
    else
        [[ $got == 6 ]] || { cat stderr; fail "exit code $got after a flip of bit $bit in $file"; }
        flip "$file" "$bit"
    fi
done
# All values and attributes but the references between columns and their row numbers (DIMENSION_LIST), which HDF5 keeps
# in a heap without checksum; only the digest that a run records covers those.
same_content() {
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import sys, h5py, numpy as np
def content(path):
    found = {}
    def add(name, item):
        for key, value in item.attrs.items():
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                found[name + "@" + key] = np.asarray(value).tobytes()
        if isinstance(item, h5py.Dataset) and item.dtype.kind != "O" and not item.is_virtual:
            found[name] = item[()].tobytes() if item.shape is not None else b""
    with h5py.File(path, "r") as file:
        add("/", file)
        file.visititems(add)
    return found
sys.exit(content(sys.argv[1]) != content(sys.argv[2]))
PYTHON
}
cp run/association/association.h5 sound.h5
expect 0 "$SALUS" export sound.h5 --table variants --output sound.tsv >/dev/null
unnoticed=0
for ((n = 0; n < flips; ++n)); do
    cp sound.h5 bad.h5
    random $(($(stat -c %s sound.h5) * 8)); flip bad.h5 "$value"
    got=0; timeout 60 "$SALUS" verify bad.h5 >list 2>stderr || got=$?
    [[ $got == 6 || $got == 0 || $got == 3 ]] || { cat stderr; fail "exit code $got after a flip of bit $value"; }
    [[ $got != 0 ]] || {
        ((++unnoticed))
        same_content sound.h5 bad.h5 || fail "the flip of bit $value changes the content and went unnoticed"
    }
done
echo "of $flips flips in a result file alone $unnoticed were in bytes that nothing reads"
for ((n = 0; n < flips; ++n)); do
    rm -rf bad.store; cp -r "$store" bad.store
    mapfile -t files < <(find bad.store -type f | sort)
    random ${#files[@]}; file=${files[value]}
    random $(($(stat -c %s "$file") * 8)); flip "$file" "$value"
    got=0; timeout 60 "$SALUS" verify bad.store >list 2>stderr || got=$?
    [[ $got == 6 || $got == 0 ]] || { cat stderr; fail "exit code $got after a flip of bit $value in $file"; }
    [[ $got != 0 ]] || same_content "$file" "$store/$(basename "$file")" || fail "bit $value of $file went unnoticed"
done
# A lost part, a cut result, a result of another run.
rm -rf bad.store; cp -r "$store" bad.store; rm "$(find bad.store -name 'part-*' | sort | head -1)"
expect 6 "$SALUS" verify bad.store; says 'part-'
truncate -s -100 run/risk/risk.h5
expect 6 "$SALUS" verify run; says 'risk.h5' 'not the one that was published'
rm run/risk/risk.h5
expect 6 "$SALUS" verify run; says 'risk.h5' 'missing'

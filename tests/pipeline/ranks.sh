#!/usr/bin/env bash
# Every stage of the main job gives byte-identical result sets for 1, 2, 3 and 4 ranks and 1 or 2 threads.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
digests() { (cd "$1" && find ingest_genomes ingest_health phenotypes quality association risk report -type f -print0 |
    sort -z | xargs -0 sha256sum); }
run() { # ranks threads
    local out=$SALUS_TMP/r$1t$2
    OMP_NUM_THREADS=$2 mpirun --oversubscribe -n "$1" "$SALUS" run "$SALUS_SOURCE/jobs/demo.toml" --threads "$2" \
        --output "$out" 2>"$out.log" || { cat "$out.log"; exit 1; }
    digests "$out" >"$out.sha256"
}
run 1 1
[[ $(wc -l <"$SALUS_TMP/r1t1.sha256") -ge 9 ]]
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    run $layout
    name=r${layout/ /t}
    diff "$SALUS_TMP/r1t1.sha256" "$SALUS_TMP/$name.sha256" || { echo "results differ on $layout"; exit 1; }
    rm -rf "${SALUS_TMP:?}/$name"
done

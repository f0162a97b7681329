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

# Quality with batches, groups, trios and cases: what needs more than genotypes.
store=$SALUS_TMP/r1t1/ingest_genomes/genotypes.store
awk 'BEGIN { FS = OFS = "\t" } { print $0, NR == 1 ? "batch" : "plate" NR % 3 }' "$SALUS_SOURCE/data-samples/samples.tsv" >"$SALUS_TMP/sheet.tsv"
quality() { # ranks threads
    local out=$SALUS_TMP/q$1t$2
    OMP_NUM_THREADS=$2 mpirun --oversubscribe -n "$1" "$SALUS" quality --genotypes "$store" --sample_sheet "$SALUS_TMP/sheet.tsv" \
        --phenotypes "$SALUS_TMP/r1t1/phenotypes/phenotypes.h5" --hwe_trait type_2_diabetes --hwe_within groups \
        --threads "$2" --output "$out" 2>"$out.log" || { cat "$out.log"; exit 1; }
    sha256sum <"$out/quality/quality.h5"
}
one=$(quality 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(quality $layout) == "$one" ]] || { echo "quality differs on $layout"; exit 1; }
done

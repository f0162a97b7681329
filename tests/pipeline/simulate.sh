#!/usr/bin/env bash
# The simulation gives the same bytes on any number of ranks and threads, and data-samples is what its job makes.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
digests() { (cd "$1/simulate" && find cohort -type f -print0 | sort -z | xargs -0 sha256sum); }
run() { # ranks threads
    local out=$SALUS_TMP/r$1t$2
    OMP_NUM_THREADS=$2 mpirun --oversubscribe -n "$1" "$SALUS" simulate --samples 300 --region_mb 0.5 --threads "$2" \
        --output "$out" 2>"$out.log" || { cat "$out.log"; exit 1; }
    digests "$out" >"$out.sha256"
}
run 1 1
[[ $(wc -l <"$SALUS_TMP/r1t1.sha256") -eq 30 ]] || { cat "$SALUS_TMP/r1t1.sha256"; exit 1; }
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    run $layout
    diff "$SALUS_TMP/r1t1.sha256" "$SALUS_TMP/r${layout/ /t}.sha256" || { echo "results differ on $layout"; exit 1; }
done

# Six times the variants need no more memory, but for tables of 20 bytes per 0.1 Mb and fuller units.
peak() { # region_mb: MiB
    OMP_NUM_THREADS=1 "$SALUS" simulate --samples 1000 --chromosomes chr2 --region_mb "$1" --formats vcf --output "$SALUS_TMP/m$1" \
        2>"$SALUS_TMP/m$1.log" || { cat "$SALUS_TMP/m$1.log"; exit 1; }
    sed -nE 's/.*simulate done.* at most ([0-9]+).* MiB per rank/\1/p' "$SALUS_TMP/m$1.log"
}
small=$(peak 20) large=$(peak 120)
((large <= small + 16)) || { echo "memory grows with the number of variants: $small MiB, $large MiB"; exit 1; }

mpirun --oversubscribe -n 2 "$SALUS" run "$SALUS_SOURCE/jobs/make_data_samples.toml" --output "$SALUS_TMP/samples" \
    2>"$SALUS_TMP/samples.log" || { cat "$SALUS_TMP/samples.log"; exit 1; }
diff -r --exclude=README.md "$SALUS_TMP/samples/simulate/cohort" "$SALUS_SOURCE/data-samples" ||
    { echo "data-samples is not what jobs/make_data_samples.toml makes"; exit 1; }

#!/usr/bin/env bash
# A second job on the same output ends at once with 4; a changed parameter, seed or input is exit code 6 until
# --fresh; a damaged result is noticed and made again; a signal ends with 75 and the same command resumes.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
out=$SALUS_TMP/out
cp -r "$SALUS_DEMO" "$out"

exec 8>>"$out/owner"
flock -n 8
expect 4 "$SALUS" run "$demo_job" --output "$out"
says 'another job is writing to this output'
flock -u 8

expect 6 "$SALUS" run "$demo_job" --output "$out" --set quality.variant_call_rate_min=0.9123
says 'parameter variant_call_rate_min' '--fresh'
expect 0 "$SALUS" run "$demo_job" --output "$out" --set quality.variant_call_rate_min=0.9123 --fresh
expect 0 "$SALUS" run "$demo_job" --output "$out" --fresh
same_as_demo "$out"

printf 'x' | dd of="$out/quality/quality.h5" bs=1 seek=5000 conv=notrunc status=none
expect 0 "$SALUS" run "$demo_job" --output "$out"
says 'quality.h5 is missing or changed since it was written'
same_as_demo "$out"

rm -rf "$out"
"$SALUS" run "$demo_job" --output "$out" 2>"$SALUS_TMP/signalled" & pid=$!
for _ in $(seq 200); do [[ -n $(find "$out/work" -name 'part-*.h5' 2>/dev/null | head -1) ]] && break; sleep 0.02; done
kill -TERM "$pid"
rc=0; wait "$pid" || rc=$?
[[ $rc == 75 || $rc == 0 ]] || { cat "$SALUS_TMP/signalled"; fail "SIGTERM gave exit code $rc"; }
expect 0 "$SALUS" run "$demo_job" --output "$out"
same_as_demo "$out"

#!/usr/bin/env bash
# The demo job from nothing: ends well, names its findings, and a second run has nothing to do.
set -euo pipefail
rm -rf "$SALUS_DEMO"
first=$("$SALUS_SOURCE/jobs/demo.sh" --no-install --output "$SALUS_DEMO" 2>"$SALUS_DEMO.log") || { cat "$SALUS_DEMO.log"; exit 1; }
echo "$first"
grep -q 'Main findings:' <<<"$first"
[[ $(grep -c '^  - ' <<<"$first") == 3 ]]
[[ -s $SALUS_DEMO/report/report.html ]]
[[ ! -e $SALUS_DEMO/work/association ]]
"$SALUS_SOURCE/jobs/demo.sh" --no-install --output "$SALUS_DEMO" >/dev/null 2>"$SALUS_DEMO.log"
[[ $(grep -c 'complete from an earlier run' "$SALUS_DEMO.log") == 7 ]]

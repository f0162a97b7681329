#!/usr/bin/env bash
# Time to event against R's survival package. Cox fits: published fits of nine data sets (ties, strata, weights, late entry,
# clusters; one where plain Newton steps diverge), to 1e-8 relative as their references promise.
set -euo pipefail
folder=$SALUS_DATA/survival
[[ -d $folder ]] || { echo "no reference data"; exit 77; }
fit=$(dirname "$SALUS")/tests/fit_cox
[[ -x $fit ]] || { echo "fit_cox is not built"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/survival_compare.py" "$@"; }
compare fits "$fit" "$folder"

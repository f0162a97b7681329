#!/usr/bin/env bash
# Runs the very lines that docs/results.md shows, on the results of the demo job.
set -euo pipefail
python=/usr/bin/python3
$python -c 'import h5py, pandas, xarray, h5netcdf' 2>/dev/null || {
    echo "skipped: needs python3-h5py python3-pandas python3-xarray python3-h5netcdf"; exit 77; }
Rscript -e 'library(rhdf5)' >/dev/null 2>&1 || { echo "skipped: needs r-base-core r-bioc-rhdf5"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/out"
ln -s "$SALUS_DEMO" "$SALUS_TMP/out/demo"
cd "$SALUS_TMP"
status=0
"$python" "$SALUS_SOURCE/tests/pipeline/results_docs.py" "$SALUS_SOURCE/docs/results.md" python "$python" || status=1
"$python" "$SALUS_SOURCE/tests/pipeline/results_docs.py" "$SALUS_SOURCE/docs/results.md" r Rscript || status=1
exit $status

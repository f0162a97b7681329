#!/usr/bin/env bash
# Sums of single effects against the published fits of susieR 0.12.35 (susie, susie_rss with and without estimated residual
# variance): probabilities to 1e-8 (they are given to 12 digits; the prior variance is searched to 1.5e-8), credible sets
# exactly, evidence bound to 1e-6. And against PolyFun with its prior weights: the same credible sets, probabilities in them
# to 0.02 (its summary statistics are rounded, and it ran an older susieR: outside of the sets, where evidence is weak,
# susieR 0.12.35 gives what we give, and the published numbers differ by up to 0.21).
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/susie_n3 && -d $data/polyfun_finemap ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "python3-numpy is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/susie_compare.py" "$data" "$(dirname "$SALUS")/tests/fit_susie"

#!/usr/bin/env bash
# Meta-analysis of three studies in three formats, two of them unsorted, with swapped alleles, other strands, palindromes,
# indels, repeated and broken rows: matched variants, effects and counts of what is left out against a slow, obvious version;
# fixed and random effects, Q, I2 against metafor (R) and plink 1.9; the same bytes on 1 to 4 ranks.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
check() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/meta_analysis_compare.py" "$@"; }
check make
combine() { # output launcher...
    local output=$1; shift
    quiet "$@" "$SALUS" meta_analysis --studies a.tsv.gz --studies b.regenie --studies c.glm.linear --sample_size_weighted true --output "$output"
}
combine one env
result=one/meta_analysis/meta_analysis.h5
check compare $result
for ranks in 2 3 4; do
    combine ranks$ranks mpirun --oversubscribe -n $ranks
    cmp $result ranks$ranks/meta_analysis/meta_analysis.h5 || { echo "results differ on $ranks ranks"; exit 1; }
done

# The result of a meta-analysis is a study again: alone it gives the same effects.
quiet "$SALUS" meta_analysis --studies $result --traits fixed_effects --strand forward --output again
/usr/bin/python3 - $result again/meta_analysis/meta_analysis.h5 <<'PYTHON'
import sys, h5py, numpy as np
one, two = (h5py.File(p) for p in sys.argv[1:])
assert np.array_equal(one["variants/base_pair_location"][:], two["variants/base_pair_location"][:])
for c in ("beta", "standard_error"):
    np.testing.assert_allclose(one["traits/fixed_effects/" + c][:], two["traits/fixed_effects/" + c][:], rtol=1e-15)
PYTHON

command -v Rscript >/dev/null && Rscript -e 'library(metafor)' >/dev/null 2>&1 || { echo "R with metafor is not installed"; exit 77; }
command -v plink1.9 >/dev/null || { echo "plink 1.9 is not installed"; exit 77; }
check effects $result effects.tsv
quiet Rscript - <<'R'
suppressMessages(library(metafor))
d <- read.delim("effects.tsv"); d <- d[seq(1, nrow(d), by = 5), ]
out <- t(sapply(seq_len(nrow(d)), function(i) {
    b <- unlist(d[i, 2:4]); s <- unlist(d[i, 5:7])
    f <- rma(b, sei = s, method = "FE"); r <- rma(b, sei = s, method = "DL")
    c(row = d$row[i], beta = f$beta[1], se = f$se, p = f$pval, q = f$QE, qp = f$QEp, i2 = max(0, (f$QE - 2) / f$QE),
      rbeta = r$beta[1], rse = r$se, rp = r$pval, tau2 = r$tau2)
}))
write.table(format(out, digits = 15), "metafor.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
R
quiet plink1.9 --meta-analysis plink.a plink.b plink.c + qt --out plink
check peers $result metafor.tsv plink.meta

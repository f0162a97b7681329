#!/usr/bin/env bash
# LD-score regression from our own results: LD scores of the stage ld and statistics of association. LD scores as HDF5 and
# as LDSC's text, statistics as HDF5 and as GWAS-SSF give the same estimates, by identifier and by position; all traits of a
# file are studies; 1 to 4 ranks give the same bytes.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 400 --chromosomes chr1 --chromosomes chr2 --region_mb 2 --formats bed --output simulated --seed 4
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
store=genomes/ingest_genomes/genotypes.store
awk 'NR == 1 { print "sample_id,height,disease" } { printf "%s,%s,%d\n", $2, (NR * 7919 % 1009) / 100, NR * 31 % 5 == 0 }' \
    "$(find simulated -name genotypes.fam)" >table.csv
quiet "$SALUS" phenotypes --genotypes $store --table table.csv --table_traits height --table_traits disease --sex false --groups false --output phenotypes
quiet "$SALUS" association --genotypes $store --phenotypes phenotypes/phenotypes/phenotypes.h5 --output association
quiet "$SALUS" ld --genotypes $store --ld_scores true --output ld
statistics=association/association/association.h5
regress() { # output ranks flags...
    local output=$1 ranks=$2; shift 2
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" ld_score_regression --output "$output" "$@"
}
for ranks in 1 2 3 4; do
    regress ranks$ranks $ranks --statistics $statistics --ld_scores ld/ld/ld.h5
    cmp ranks1/ld_score_regression/ld_score_regression.h5 ranks$ranks/ld_score_regression/ld_score_regression.h5 || fail "results differ on $ranks ranks"
done
regress position 1 --statistics $statistics --ld_scores ld/ld/ld.h5 --match position
quiet "$SALUS" export ld/ld/ld.h5 --table variants --output scores.tsv
awk -F'\t' 'NR == 1 { print "CHR SNP BP L2" } NR > 1 && $8 != "NA" { print $1, $3, $2, $8 }' scores.tsv >scores.l2.ldscore
awk 'END { print NR - 1 }' scores.l2.ldscore >scores.l2.M_5_50
quiet "$SALUS" export $statistics --table traits/height --format gwas-ssf --output height.tsv.gz
regress text 1 --statistics height.tsv.gz --ld_scores scores.l2.ldscore --match position
regress named 1 --statistics $statistics --ld_scores scores.l2.ldscore
/usr/bin/python3 - <<'PYTHON'
import h5py, numpy as np

def rows(name, table):
    with h5py.File(f"{name}/ld_score_regression/ld_score_regression.h5") as file:
        return {c: d[:] for c, d in file[table].items()}

one, named, position, text = (rows(n, "heritability") for n in ("ranks1", "named", "position", "text"))
assert list(one["name"]) == [b"disease", b"height"] and (one["variants"] > 300).all(), one
for column in ("h2", "h2_standard_error", "intercept", "variants", "mean_chi_square"):
    assert np.array_equal(one[column], named[column]), column
    # Both have every digit of effect and standard error.
    np.testing.assert_allclose(position[column][1], text[column][0], rtol=1e-9)
# By position those of the positions that hold two variants are left out.
assert (position["variants"] <= one["variants"]).all() and (position["variants"] > 0.98 * one["variants"]).all()
assert (one["h2_standard_error"] > 0).all() and (one["status"] == b"solved").all()
assert len(rows("ranks1", "genetic_correlations")["first"]) == 1
PYTHON
# Positions of another build are refused.
sed -i 's/GRCh38/GRCh37/' height.tsv.gz-meta.yaml
expect 3 "$SALUS" meta_analysis --studies height.tsv.gz --studies $statistics --output mixed
says 'genome builds differ'

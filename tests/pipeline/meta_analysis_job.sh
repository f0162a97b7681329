#!/usr/bin/env bash
# Two studies of halves of a cohort, joined by the pipeline of meta-analysis: the effects are near those of all people
# together, no study's heritability is lost, the report shows both sections; the same bytes on 1 and 3 ranks.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 800 --chromosomes chr1 --chromosomes chr2 --region_mb 2 --formats bed --output simulated --seed 4
bed=$(find simulated -name genotypes.bed)
awk 'BEGIN { srand(3); print "sample_id,height" } { printf "%s,%.6f\n", $2, rand() + rand() + rand() }' "${bed%.bed}.fam" >table.csv
study() { # name remainder: people whose number divided by 2 leaves it, or all
    awk -v r="$2" 'BEGIN { print "sample_id" } r == "" || NR % 2 == r { print $2 }' "${bed%.bed}.fam" >"$1.list"
    quiet "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --sample_list "$1.list" --output "$1"
    local store=$1/ingest_genomes/genotypes.store
    quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_traits height --sex false --groups false --output "$1"
    quiet "$SALUS" association --genotypes "$store" --phenotypes "$1/phenotypes/phenotypes.h5" --output "$1"
    quiet "$SALUS" export "$1/association/association.h5" --table traits/height --format gwas-ssf --output "$1.tsv.gz"
}
study odd 1; study even 0; study all ''
quiet "$SALUS" ld --genotypes all/ingest_genomes/genotypes.store --ld_scores true --output all
cat >job.toml <<JOB
pipeline = "$SALUS_SOURCE/pipelines/meta_analysis.toml"
output = "out"
[inputs]
studies = ["odd.tsv.gz", "even.tsv.gz"]
ld_scores = "all/ld/ld.h5"
[ld_score_regression]
match = "position"
[joint_heritability]
match = "position"
JOB
for ranks in 1 3; do
    quiet mpirun --oversubscribe -n $ranks "$SALUS" run job.toml --threads 1 --output r$ranks
    (cd r$ranks && find meta_analysis ld_score_regression joint_heritability report -type f -print0 | sort -z | xargs -0 sha256sum) >r$ranks.sha256
done
[[ $(wc -l <r1.sha256) -ge 4 ]] || fail "results are missing"
diff r1.sha256 r3.sha256 || fail "results differ on 3 ranks"
for section in meta-analysis ld-score-regression; do
    grep -q "<section id=\"$section\"" r1/report/report.html || fail "the report has no section $section"
done
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "effects are not checked: python3-h5py is missing"; exit 0; }
/usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np

def rows(file, table):
    with h5py.File(file) as opened:
        return {column: data[:] for column, data in opened[table].items()}

def keys(variants):
    chromosome = [c.decode().removeprefix("chr") for c in variants["chromosome"]]
    return list(zip(chromosome, variants["base_pair_location"], variants["effect_allele"], variants["other_allele"]))

whole_file, joint_file = "all/association/association.h5", "r1/meta_analysis/meta_analysis.h5"
place = {key: i for i, key in enumerate(keys(rows(whole_file, "variants")))}
at = [place[key] for key in keys(rows(joint_file, "variants"))]
whole, joint = rows(whole_file, "traits/height"), rows(joint_file, "traits/fixed_effects")
at = np.array(at)
both = rows(joint_file, "heterogeneity")["degrees_of_freedom"] == 1
at, joint = at[both], {column: data[both] for column, data in joint.items()}
difference = (joint["beta"] - whole["beta"][at]) / whole["standard_error"][at]
# Halves differ from the whole by their means and variances, which are estimated twice: of the order of 1 / sqrt(400) standard errors, more where copies are few.
assert len(at) > 300 and np.isfinite(difference).all(), len(at)
assert np.median(abs(difference)) < 0.1 and abs(difference).max() < 0.6, (np.median(abs(difference)), abs(difference).max())
np.testing.assert_allclose(joint["standard_error"], whole["standard_error"][at], rtol=0.1)
PYTHON

# Studies of one trait pass without a word; all traits of a result taken together are told.
quiet "$SALUS" meta_analysis --studies odd/association/association.h5 even/association/association.h5 --output one_trait
grep -q 'traits of other names' run.log && fail "one trait is taken for several"
awk -F, 'NR == 1 { print $0 ",other" } NR > 1 { print $0 "," NR % 7 }' table.csv >two.csv
store=all/ingest_genomes/genotypes.store
quiet "$SALUS" phenotypes --genotypes $store --table two.csv --sex false --groups false --output two
quiet "$SALUS" association --genotypes $store --phenotypes two/phenotypes/phenotypes.h5 --output two
quiet "$SALUS" meta_analysis --studies two/association/association.h5 --output joined
grep -q 'warning: 2 traits of other names are taken together (height, other)' run.log || { cat run.log; fail "unlike traits are not told"; }

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

with h5py.File("r1/meta_analysis/meta_analysis.h5") as file, h5py.File("all/association/association.h5") as whole:
    print(list(file), list(whole))
    place = {}
    for i, key in enumerate(zip(*(whole["variants"][c][:] for c in ("chromosome", "position", "reference", "alternate")))):
        place[key] = i
    joint = {c: file["fixed"][c][:] for c in file["fixed"]}
    variants = {c: file["variants"][c][:] for c in file["variants"]}
    print(list(joint), list(variants), list(whole["traits/height"]))
PYTHON

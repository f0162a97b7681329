#!/usr/bin/env bash
# Planned and measured memory of every stage (tests/fault/every_stage.toml) on simulated cohorts of several sizes, one rank and thread.
# Usage: SALUS=build/release/salus tests/bench/memory_stages.sh FOLDER [SAMPLES:SITES_PER_MB:MB...]     (default: three sizes)
set -euo pipefail
: "${SALUS:?set SALUS to the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(realpath "${1:?folder}")
shift
sizes=("$@"); ((${#sizes[@]})) || sizes=(1000:1500:2 10000:1500:2 50000:750:2)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
for size in "${sizes[@]}"; do
    IFS=: read -r samples density mb <<<"$size"
    folder=$work/$samples-$density-$mb cohort=$work/$samples-$density-$mb/simulate/cohort
    mkdir -p "$folder"
    [[ -e $cohort ]] || "$SALUS" simulate --samples "$samples" --chromosomes chr1 --chromosomes chr6 --chromosomes chr19 --chromosomes chrX \
        --region_mb "$mb" --common_per_mb "$density" --formats vcf --compression 1 --seed 5 --output "$folder" 2>"$folder/simulate.log"
    for half in "first chr1 chr6" "second chr19 chrX"; do
        read -r name one other <<<"$half"
        [[ -e $folder/$name/ingest_genomes ]] || "$SALUS" ingest_genomes --genotypes "$cohort/genotypes.vcf.gz" --sample_sheet "$cohort/samples.tsv" \
            --regions "$one" --regions "$other" --output "$folder/$name" 2>"$folder/$name.log"
    done
    cat >"$folder/job.toml" <<JOB
pipeline = "$here/tests/fault/every_stage.toml"
output = "out"
[inputs]
genotypes = ["$cohort/genotypes.vcf.gz"]
stores = ["$folder/first/ingest_genomes/genotypes.store", "$folder/second/ingest_genomes/genotypes.store"]
sample_sheet = "$cohort/samples.tsv"
omop = "$cohort/omop"
links = "$cohort/links.csv"
definitions = "$here/pipelines/phenotypes/demo.toml"
annotations = "$cohort/annotations.txt.gz"
feature_tables = ["$cohort/features.csv"]
feature_dictionaries = ["$cohort/features.dictionary.csv"]
score_files = ["$cohort/truth/scores/coronary_disease.txt"]
[simulate]
samples = $samples
JOB
    "$SALUS" run "$folder/job.toml" --threads 1 2>"$folder/run.log" || { tail -5 "$folder/run.log" >&2; echo "$size is not complete" >&2; }
    echo "--- N = $samples, $("$SALUS" show "$folder/out/merge_genotypes/genotypes.store" 2>/dev/null | grep -oE '[0-9,]+ variants' | head -1 || true)"
    bash "$here/tests/bench/memory.sh" "$SALUS" "$folder/job.toml" "$folder/out" || true
done

#!/usr/bin/env bash
# Strong and weak scaling of every stage to 4,096 ranks, on paper: runs one job on simulated cohorts (as it is, with three times the
# variants, with three times the people; on one rank and on RANKS) and prints the tables of scaling.py.
#   tests/bench/scaling.sh SALUS FOLDER [SAMPLES=2000] [REGION_MB=4] [RANKS=2] [options of scaling.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../jobs/packages.sh"
allow_root_mpi
salus=$(realpath "$1") folder=$2 samples=${3:-2000} region=${4:-4} ranks=${5:-2}
mkdir -p "$folder"
cd "$folder"

pipeline() { # every stage that grows with people or variants, once
    sed "s|^title = .*|title = \"Scaling\"|" "$here/../../pipelines/whole_genome.toml" | sed '/^use = "report"/,$d' | sed '$d'
    cat <<'END'

[[stage]]
use = "gene_tests"
genotypes = "ingest_genomes.genotypes"
phenotypes = "phenotypes.phenotypes"
quality = "quality.quality"
annotations = "input.annotations"

[[stage]]
use = "pgs_weights"
statistics = "association.association"
genotypes = "ingest_genomes.genotypes"

[[stage]]
use = "score"
genotypes = "ingest_genomes.genotypes"
scores = "pgs_weights.pgs_weights"

[[stage]]
use = "risk_model"
phenotypes = "phenotypes.phenotypes"
models = ["chd: cox(chd) ~ sex_male + ldl_cholesterol"]
horizons = [5]

[[stage]]
use = "export_genotypes"
genotypes = "ingest_genomes.genotypes"
END
}
pipeline >scaling.toml

cohort() { # name samples region_mb
    [[ -e $1/data/simulate/cohort ]] && return
    mkdir -p "$1"
    printf 'pipeline = "%s"\noutput = "data"\n[simulate]\nsamples = %d\nregion_mb = %s\nformats = ["bcf"]\n' \
        "$here/../../pipelines/simulate.toml" "$2" "$3" >"$1/simulate.toml"
    "$salus" run "$1/simulate.toml" 2>"$1/simulate.log"
    local data=data/simulate/cohort
    cat >"$1/job.toml" <<END
pipeline = "../scaling.toml"
output = "one"
seed = 1
[inputs]
genotypes = ["$data/genotypes.bcf"]
sample_sheet = "$data/samples.tsv"
annotations = "$data/annotations.txt.gz"
omop = "$data/omop"
links = "$data/links.csv"
definitions = ["$(realpath "$here/../../pipelines/phenotypes/demo.toml")", "$(realpath "$here/../../pipelines/phenotypes/risk.toml")"]
[pgs_weights]
methods = ["auto", "lassosum2"]
trait = "ldl_cholesterol"
[association]
traits = ["ldl_cholesterol", "type_2_diabetes"]
END
}
cohort base "$samples" "$region"
cohort variants "$samples" "$((region * 3))"
cohort people "$((samples * 3))" "$region"
for name in base variants people; do
    "$salus" run "$name/job.toml" --play-ranks 4096 2>"$name/run.log" || { tail -5 "$name/run.log" >&2; exit 1; }
done
mpirun --oversubscribe -n "$ranks" "$salus" run base/job.toml --output base/several 2>base/several.log
"$here/scaling.py" base/one --variants variants/one --people people/one --ranks-run base/several "${@:6}"

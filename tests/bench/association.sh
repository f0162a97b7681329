#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of salus association on one thread against plink2 --glm in turn, 10
# covariates. Rows (all but the last four are of 20,000 samples x 20,000 simulated variants with frequencies from 0.5 %):
#   linear1 linear4     1 and 4 quantitative traits, those 4 with 0 to 3 % missing values each
#   linear50            50 quantitative traits without missing values
#   binary1 binary10    1 and 10 binary traits of 1 case in 20, Firth's test where the score test has p < 0.05
#   survival            a time-to-event trait with about 20 % events, saddle-point beyond 2 standard deviations
#   sequencing          10^6 variants with 1 to 100 minor alleles, 100,000 samples, 10 quantitative traits, all tested
#   million             the same for 1,000,000 samples
#   memory              1,000,000 samples x 10 traits on 3,000 simulated variants, frequencies from 0.5 %: planned and used
#   ranks               wall time of all traits on one rank, on two, and of two runs of one rank side by side
# The peer of quantitative traits is --glm on traits less what the covariates explain (what its newer versions call
# qt-residualize: the covariates are not taken out of the genotypes), and --glm with the covariates if EXACT=1; of binary
# traits --glm firth-residualize cc-residualize. It has no Cox model.
# Usage: SALUS=build/release/salus [RARE_STORE=.../bench_rare_store] [RUNS=3] [PEER=0] [EXACT=1] tests/bench/association.sh folder [rows...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${1:?folder} runs=${RUNS:-3}
shift
rows=("$@"); ((${#rows[@]})) || rows=(linear1 linear4 linear50 binary1 binary10 survival sequencing million memory ranks)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$work"; cd "$work"

phenotypes() { # folder store traits...
    local flags=()
    for c in c{1..10}; do flags+=(--table_covariates "$c"); done
    for t in "${@:3}"; do flags+=(--table_traits "$t"); done
    "$SALUS" phenotypes --genotypes "$2" --table "$1/table.csv" "${flags[@]}" --time_to_event "e = event : time" \
        --sex false --groups false --output "$1/phenotypes" 2>"$1/phenotypes.log"
}
simulated() { # folder samples variants: genotypes in folder/genomes, identifiers in folder/ids
    [[ -e $1/genomes/ingest_genomes/genotypes.store ]] && return
    mkdir -p "$1"
    "$SALUS" simulate --samples "$2" --chromosomes chr1 --chromosomes chr2 --region_mb "$(awk -v m="$3" 'BEGIN { print m / 6000 }')" \
        --common_per_mb 3000 --rare_per_mb 0 --common_frequency_min 0.005 --missing_rate 0.005 --formats bed --seed 5 --output "$1/cohort" 2>"$1/simulate.log"
    local bed; bed=$(find "$1/cohort" -name genotypes.bed)
    awk '{ print $2 }' "${bed%.bed}.fam" >"$1/ids"
    awk 'BEGIN { OFS = "\t" } { $2 = "v" NR; print }' "${bed%.bed}.bim" >"$1/bim"; mv "$1/bim" "${bed%.bed}.bim"
    "$SALUS" ingest_genomes --genotypes "$bed" --genome_build GRCh38 --output "$1/genomes" 2>"$1/ingest.log"
    plink2 --bfile "${bed%.bed}" --threads 1 --make-pgen --out "$1/plink" >"$1/plink.make.log" 2>&1 || true
    rm -rf "$1/cohort"
}
usual() { # the data of the first rows
    simulated usual "${SAMPLES:-20000}" "${VARIANTS:-20000}"
    [[ -e usual/phenotypes ]] && return
    /usr/bin/python3 "$here/association_data.py" usual/ids usual 50 all
    phenotypes usual usual/genomes/ingest_genomes/genotypes.store y{1..50} q{1..4} b{1..10}
}
rare() { # samples
    : "${RARE_STORE:?set RARE_STORE to bench_rare_store (cmake -DSALUS_BENCH=ON)}"
    [[ -e rare$1/phenotypes ]] && return
    [[ -e rare$1/genomes/ingest_genomes/genotypes.store/index.h5 ]] ||
        "$RARE_STORE" "rare$1/genomes/ingest_genomes/genotypes.store" "$1" "${RARE_VARIANTS:-1000000}"
    seq 0 $(($1 - 1)) | sed 's/^/s/' >"rare$1/ids"
    /usr/bin/python3 "$here/association_data.py" "rare$1/ids" "rare$1" 10
    local flags=(); for c in c{1..10}; do flags+=(--table_covariates "$c"); done
    "$SALUS" phenotypes --genotypes "rare$1/genomes/ingest_genomes/genotypes.store" --table "rare$1/table.csv" "${flags[@]}" \
        --sex false --groups false --output "rare$1/phenotypes" 2>"rare$1/phenotypes.log"
}
ours() { # result folder arguments...
    local flags=()
    for t in ${traits[@]+"${traits[@]}"}; do flags+=(--traits "$t"); done
    rm -rf "$1"
    "$SALUS" association --genotypes "$2/genomes/ingest_genomes/genotypes.store" --phenotypes "$2/phenotypes/phenotypes/phenotypes.h5" \
        "${flags[@]}" "${@:3}" --threads 1 --output "$1"
}
peer() { # folder file-of-traits arguments...
    plink2 --pfile "$1/plink" --pheno "$1/$2" --pheno-name "${traits[@]}" --threads 1 --out plink --glm "${@:3}"
}
covariates() { peer "$@" --covar "$1/plink.covar" --covar-variance-standardize; }
row() { # name folder peer-command [ours...]
    local name=$1 folder=$2 other=$3 theirs=- ratio=-
    rm -f ours.$$ peer.$$
    for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
        cpu ours result "$folder" "${@:4}" >>ours.$$
        [[ ${PEER:-1} == 0 || -z $other ]] || cpu $other >>peer.$$
    done
    local own; own=$(median <ours.$$)
    if [[ -e peer.$$ ]]; then
        theirs=$(median <peer.$$); ratio=$(awk -v a="$own" -v b="$theirs" 'BEGIN { printf "%.1f", b / a }')
    fi
    printf '%-12s salus %7.2f s (all: %s; %s)   plink2 %s s   ratio %s\n' "$name" "$own" "$(tr '\n' ' ' <ours.$$)" \
        "$(grep -ohE 'at most .* per rank' result/run.log | tail -1)" "$theirs" "$ratio"
    rm -f ours.$$ peer.$$
}
quantitative() { # name traits...
    traits=("${@:2}"); usual
    row "$1" usual "peer usual plink.residuals allow-no-covars"
    [[ -z ${EXACT:-} ]] || row "$1, exact" usual "covariates usual plink.pheno hide-covar"
}
binary() { # name traits...
    traits=("${@:2}"); usual
    row "$1" usual "covariates usual plink.pheno hide-covar firth-residualize cc-residualize"
}
wall() { # command...
    local TIMEFORMAT=%R
    { time "$@" >>run.log 2>&1; } 2>&1
}
side_by_side() { ours result usual & ours result2 usual & wait; }
on_two() { rm -rf result; mpirun --oversubscribe -n 2 "$SALUS" association --genotypes usual/genomes/ingest_genomes/genotypes.store \
    --phenotypes usual/phenotypes/phenotypes/phenotypes.h5 --threads 1 --output result; }
ranks() {
    traits=(); usual
    for ((run = 1; run <= runs; ++run)); do
        wall ours result usual >>one.$$; wall side_by_side >>both.$$; wall on_two >>two.$$
    done
    awk -v a="$(median <one.$$)" -v b="$(median <both.$$)" -v c="$(median <two.$$)" 'BEGIN {
        printf "ranks        one rank %.2f s wall, two ranks %.2f s (%.0f %%), two processes of one rank side by side %.2f s (%.0f %%)\n", a, c, 50 * a / c, b, 100 * a / b }'
    rm -f one.$$ two.$$ both.$$
}
memory() {
    traits=(); simulated large 1000000 3000
    [[ -e large/phenotypes ]] || { /usr/bin/python3 "$here/association_data.py" large/ids large 10
        "$SALUS" phenotypes --genotypes large/genomes/ingest_genomes/genotypes.store --table large/table.csv $(printf -- '--table_covariates c%d ' {1..10}) \
            --sex false --groups false --output large/phenotypes 2>large/phenotypes.log; }
    runs=1 row memory large ""
    grep -h 'memory' result/run.log | head -3 || true
}
echo "CPU seconds (user + system), median of $runs runs, 1 thread"
for name in "${rows[@]}"; do
    case $name in
    linear1) quantitative linear1 y1 ;;
    linear4) quantitative linear4 q1 q2 q3 q4 ;;
    linear50) quantitative linear50 y{1..50} ;;
    binary1) binary binary1 b1 ;;
    binary10) binary binary10 b{1..10} ;;
    survival) traits=(e); usual; row survival usual "" ;;
    sequencing) traits=(); rare 100000; row sequencing rare100000 "" --minor_allele_count_min 1 ;;
    million) traits=(); rare 1000000; row million rare1000000 "" --minor_allele_count_min 1 ;;
    memory) memory ;;
    ranks) ranks ;;
    *) echo "unknown row $name" >&2; exit 2 ;;
    esac
done
rm -rf result result2

#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of one quantitative trait with 10 covariates on 20,000
# samples x 20,000 common variants: salus association against plink2 --glm with the same covariates.
# Usage: SALUS=build/salus tests/bench/association.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-20000} runs=${4:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -f dummy.bed ]]; then
    plink2 --dummy "$samples" "$variants" 0.005 scalar-pheno --seed 1 --threads 1 --make-bed --out dummy >dummy.log
fi
if [[ ! -f table.csv ]]; then
    awk 'BEGIN { srand(7); OFS = ","; printf "sample_id,y"; for (c = 1; c <= 10; ++c) printf ",c%d", c; print "" }
         function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) }
         { line = $2 "," normal(); for (c = 1; c <= 10; ++c) line = line "," normal(); print line }' dummy.fam >table.csv
    awk -F, 'BEGIN { OFS = "\t" } { print (NR == 1 ? "#IID" : $1), $2 }' table.csv >plink.pheno
    awk -F, 'BEGIN { OFS = "\t" } { $2 = ""; if (NR == 1) $1 = "#IID"; print }' table.csv | sed 's/\t\t/\t/' >plink.covar
fi
if [[ ! -f phenotypes/phenotypes/phenotypes.h5 ]]; then
    "$SALUS" ingest_genomes --genotypes dummy.bed --output genomes
    covariates=(); for c in c{1..10}; do covariates+=(--table_covariates "$c"); done
    "$SALUS" phenotypes --genotypes genomes/ingest_genomes/genotypes.store --table table.csv --table_traits y "${covariates[@]}" \
        --sex false --groups false --output phenotypes
fi
ours() { rm -rf result; "$SALUS" association --genotypes genomes/ingest_genomes/genotypes.store --phenotypes phenotypes/phenotypes/phenotypes.h5 \
    --threads 1 --output result; }
peer() { plink2 --bfile dummy --pheno plink.pheno --covar plink.covar --pheno-name y --glm hide-covar --threads 1 --out plink; }
for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
    cpu ours >>ours.$$; cpu peer >>peer.$$
done
a=$(median <ours.$$) b=$(median <peer.$$)
echo "$samples samples x $variants variants, 10 covariates, $runs runs, CPU seconds"
echo "  salus association   median $a   (all: $(tr '\n' ' ' <ours.$$))"
echo "  plink2 --glm        median $b   (all: $(tr '\n' ' ' <peer.$$))"
awk -v a="$a" -v b="$b" 'BEGIN { printf "  ratio %.1f\n", b / a }'
rm -f ours.$$ peer.$$

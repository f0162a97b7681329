#!/usr/bin/env bash
# null_model gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads; its LOCO files come back as they were.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
run() { # ranks threads flags...
    local ranks=$1 threads=$2 output; shift 2
    output="r${ranks}t$threads${2-}"
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" null_model --genotypes "$store" --quality "$quality" \
        --phenotypes "$table" --block_size 60 --minor_allele_count_min 5 --threads "$threads" --output "$output" "$@"
    sha256sum <"$output/null_model/null_model.h5"
}
expected=$(run 1 1)
[[ $(run 1 1 --prior auto) == "$(run 3 2 --prior auto)" ]] || { echo "results of both priors differ on ranks"; exit 1; }
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
quiet "$SALUS" export r1t1/null_model/null_model.h5 --table loco --format regenie-loco --output written
[[ $(wc -l <written_pred.list) == 4 && $(wc -l <written_1.loco) == 24 ]] || { echo 'LOCO files are not complete'; exit 1; }

#!/usr/bin/env bash
# pgs_weights gives byte-identical results for 1 to 4 ranks and 1 or 2 threads, all methods, from the association of simulated traits;
# score reads its weights.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
quiet "$SALUS" association --genotypes "$store" --phenotypes "$table" --quality "$quality" --traits height --output association
statistics=$(find association -name association.h5)
run() { # ranks threads
    OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" pgs_weights --genotypes "$store" --statistics "$statistics" --trait height \
        --block_variants_max 100 --chains 4 --burn_in 20 --kept_iterations 20 --loss_max 0.9 --lambdas 4 --shrinkage_phis 0.01 --threads "$2" --output "r$1t$2"
    cat "r$1t$2/pgs_weights/pgs_weights.h5" "r$1t$2/pgs_weights/weights.txt" | sha256sum
}
expected=$(run 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
quiet "$SALUS" score --genotypes "$store" --scores r1t1/pgs_weights/pgs_weights.h5 --output scores
/usr/bin/python3 - <<'EOS'
import h5py
with h5py.File("r1t1/pgs_weights/pgs_weights.h5") as w, h5py.File("scores/score/score.h5") as s:
    found = [m.decode() for m, t in zip(w["methods/method"][:], w["methods/status"][:]) if t == b"found"]
    assert found and sorted(found) == sorted(n.decode() for n in s["report/score"][:]), found
    assert set(s["report/overlap"][:]) == {1.0}
EOS

#!/usr/bin/env bash
# ld gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads: pruning in several segments of a chromosome,
# LD scores and LD matrices, with the samples that fail quality left out.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 150 --chromosomes chr1 --chromosomes chr2 --chromosomes chrX --region_mb 2 --common_per_mb 3000 \
    --rare_per_mb 300 --formats bed --output simulated --seed 9
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
quiet "$SALUS" quality --genotypes "$store" --output quality
quality=$(find quality -name quality.h5)
run() { # ranks threads
    OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" ld --genotypes "$store" --quality "$quality" --threads "$2" \
        --include_x true --window_variants 100 --step_variants 10 --ld_scores true --ld_score_window_kb 100 --write_blocks true --block_variants_max 200 --output "r$1t$2"
    sha256sum <"r$1t$2/ld/ld.h5"
}
expected=$(run 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
# A store as it was before counts of calls were kept (they are optional) gives the same bytes: they are counted then.
if /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    quiet "$SALUS" ld --genotypes "$store" --output counted
    /usr/bin/python3 - "$store" <<'PYTHON'
import glob, h5py, sys
removed = 0
for path in glob.glob(sys.argv[1] + "/part-*.h5"):
    with h5py.File(path, "r+", libver="latest") as part:
        names = []
        part.visit(lambda name: names.append(name) if name.split("/")[-1] == "call_counts" else None)
        for name in names:
            del part[name]
        removed += len(names)
assert removed > 0
PYTHON
    quiet "$SALUS" ld --genotypes "$store" --output uncounted
    cmp counted/ld/ld.h5 uncounted/ld/ld.h5 || { echo "a store without counts of calls gives another result"; exit 1; }
fi

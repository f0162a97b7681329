#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of gene tests: 500 sets of about 3,000 rare variants, 2 masks x 2
# frequency bins, 10 covariates, one quantitative and one binary trait (1:20), on 20,000 samples; and of regenie
# --vc-tests on the same files where it is installed.
# Usage: SALUS=build/salus tests/bench/gene_tests.sh [folder] [samples] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} runs=${3:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -f rare.bed ]]; then
    # Hardy-Weinberg genotypes by the number of carriers: frequencies between 2e-4 and 2e-2, uniform in their logarithm.
    /usr/bin/python3 - "$samples" <<'PY'
import sys
import numpy as np
n, m = int(sys.argv[1]), 3013
rng = np.random.default_rng(1)
frequency = np.exp(rng.uniform(np.log(2e-4), np.log(2e-2), m))
with open("rare.bed", "wb") as bed, open("rare.bim", "w") as bim, open("rare.annotations", "w") as annotations:
    bed.write(bytes([0x6C, 0x1B, 0x01]))
    for v in range(m):
        copies = rng.binomial(2, frequency[v], n)
        codes = np.array([3, 2, 0], dtype=np.uint8)[copies]
        codes = np.append(codes, np.zeros(-n % 4, dtype=np.uint8)).reshape(-1, 4)
        bed.write((codes[:, 0] | codes[:, 1] << 2 | codes[:, 2] << 4 | codes[:, 3] << 6).astype(np.uint8).tobytes())
        bim.write(f"1\tv{v}\t0\t{v + 1}\tG\tA\n")
        annotations.write(f"v{v} set{v * 500 // m} {'lof' if rng.random() < 0.4 else 'missense'}\n")
with open("rare.fam", "w") as fam:
    for i in range(n):
        fam.write(f"s{i} s{i} 0 0 0 -9\n")
with open("rare.sets", "w") as sets:
    for s in range(500):
        members = [v for v in range(m) if v * 500 // m == s]
        sets.write(f"set{s} 1 {members[0] + 1} {','.join(f'v{v}' for v in members)}\n")
open("rare.masks", "w").write("M1 lof\nM2 lof,missense\n")
x = rng.normal(size=(n, 10))
y = x @ rng.normal(0, 0.1, 10) + rng.normal(size=n)
b = (rng.random(n) < 1 / (1 + np.exp(3.1 - 0.2 * x[:, 0]))).astype(int)
names = [f"c{k}" for k in range(1, 11)]
with open("table.csv", "w") as table:
    table.write("sample_id,y,b," + ",".join(names) + "\n")
    for i in range(n):
        table.write(f"s{i},{y[i]:.6f},{b[i]}," + ",".join(f"{c:.6f}" for c in x[i]) + "\n")
for name, header, rows in (("rare.y", "FID IID y", y), ("rare.b", "FID IID b", b)):
    open(name, "w").write(header + "\n" + "".join(f"s{i} s{i} {rows[i]}\n" for i in range(n)))
open("rare.covar", "w").write("FID IID " + " ".join(names) + "\n" +
                              "".join(f"s{i} s{i} " + " ".join(f"{c:.6f}" for c in x[i]) + "\n" for i in range(n)))
PY
fi
if [[ ! -f phenotypes/phenotypes/phenotypes.h5 ]]; then
    "$SALUS" ingest_genomes --genotypes rare.bed --output genomes
    covariates=(); for c in c{1..10}; do covariates+=(--table_covariates "$c"); done
    "$SALUS" phenotypes --genotypes genomes/ingest_genomes/genotypes.store --table table.csv --table_traits y --table_traits b \
        "${covariates[@]}" --sex false --groups false --output phenotypes
fi
ours() { # trait tests...
    local trait=$1 tests=(); shift
    for t in "$@"; do tests+=(--tests "$t"); done
    rm -rf result
    "$SALUS" gene_tests --genotypes genomes/ingest_genomes/genotypes.store --phenotypes phenotypes/phenotypes/phenotypes.h5 \
        --annotations rare.annotations --gene_sets rare.sets --gene_masks rare.masks --frequency_max 0.01 --frequency_max 0.001 \
        --singletons false --traits "$trait" "${tests[@]}" --threads 1 --output result
}
peer() { # trait flags tests
    regenie --step 2 --bed rare --phenoFile "rare.$1" --covarFile rare.covar --anno-file rare.annotations --set-list rare.sets \
        --mask-def rare.masks --aaf-bins 0.01,0.001 --ignore-pred --bsize 400 --threads 1 --out peer $2 ${3:+--vc-tests $3}
}
echo "$samples samples, 500 sets, 3,013 rare variants, 2 masks x 2 frequency bins, 10 covariates, $runs runs, CPU seconds"
for trait in y b; do
    flags=--qt; [[ $trait == y ]] || flags="--bt --spa"
    for tests in 'burden:' 'skat:skat' 'skat_o acat_o:skato,acato'; do
        for ((run = 1; run <= runs; ++run)); do
            cpu ours "$trait" ${tests%%:*} >>ours.$$
            if command -v regenie >/dev/null; then cpu peer "$trait" "$flags" "${tests##*:}" >>peer.$$; fi
        done
        printf '  %s %-14s salus median %s' "$trait" "${tests%%:*}" "$(median <ours.$$)"
        if [[ -f peer.$$ ]]; then printf '   regenie median %s' "$(median <peer.$$)"; fi
        echo; rm -f ours.$$ peer.$$
    done
done

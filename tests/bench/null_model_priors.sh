#!/usr/bin/env bash
# What the priors of null_model are worth: mean chi-square of association at the causal variants, for simulated quantitative
# traits (heritability 0.5) with few and with many causal variants, with the predictions of each prior and without any.
# Usage: SALUS=build/salus tests/bench/null_model_priors.sh [folder] [samples] [variants] [traits of each kind]
set -euo pipefail
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-5000} variants=${3:-6000} traits=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
/usr/bin/python3 - "$samples" "$variants" "$traits" <<'EOS'
import sys

import numpy as np
n, m, traits = map(int, sys.argv[1:])
rng = np.random.default_rng(2)
ids = [f"s{i}" for i in range(n)]
copies = np.empty((m, n), np.uint8)
for v in range(m):  # groups of five in LD
    if v % 5 == 0:
        frequency = rng.uniform(0.05, 0.5)
    copies[v] = rng.binomial(2, frequency, n)
    if v % 5 != 0:
        copies[v] = np.where(rng.random(n) < 0.6, copies[v - 1], copies[v])
with open("dummy.bed", "wb") as bed, open("dummy.bim", "w") as bim:
    bed.write(bytes([0x6C, 0x1B, 0x01]))
    for v in range(m):
        codes = np.append(np.array([3, 2, 0], np.uint8)[copies[v]], np.zeros(-n % 4, np.uint8)).reshape(-1, 4)
        bed.write((codes[:, 0] | codes[:, 1] << 2 | codes[:, 2] << 4 | codes[:, 3] << 6).astype(np.uint8).tobytes())
        bim.write(f"{1 + v * 22 // m}\tv{v}\t0\t{v + 1}\tG\tA\n")
open("dummy.fam", "w").write("".join(f"{i} {i} 0 0 0 -9\n" for i in ids))
copies = (copies - copies.mean(1, keepdims=True)) / copies.std(1, keepdims=True)
rng = np.random.default_rng(3)
names, columns, causal = [], [], []
for count in (20, 200, m // 3):
    for t in range(traits):
        names.append(f"causal{count}_{t}")
        at = np.sort(rng.choice(m, count, replace=False))
        effects = rng.normal(0, np.sqrt(0.5 / count), count)
        columns.append(effects @ copies[at] + rng.normal(0, np.sqrt(0.5), len(ids)))
        causal.append(",".join(map(str, at)))
with open("table.csv", "w") as out:
    out.write(",".join(["sample_id"] + names + ["age"]) + "\n")
    for i, name in enumerate(ids):
        out.write(",".join([name] + [f"{c[i]:.6f}" for c in columns] + [f"{rng.normal():.4f}"]) + "\n")
open("causal.txt", "w").write("".join(f"{n} {c}\n" for n, c in zip(names, causal)))
EOS
rm -rf genomes phenotypes
quiet "$SALUS" ingest_genomes --genotypes dummy.bed --output genomes
store=genomes/ingest_genomes/genotypes.store table=phenotypes/phenotypes/phenotypes.h5
columns=(); for t in $(cut -d' ' -f1 causal.txt); do columns+=(--table_traits "$t"); done
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv "${columns[@]}" --table_covariates age --sex false --groups false \
    --output phenotypes
for prior in none ridge mixture auto; do
    rm -rf "null_$prior" "tests_$prior"; predictions=()
    if [[ $prior != none ]]; then
        quiet "$SALUS" null_model --genotypes "$store" --phenotypes "$table" --block_size 300 --prior $prior --output "null_$prior"
        predictions=(--null_model "null_$prior/null_model/null_model.h5")
    fi
    quiet "$SALUS" association --genotypes "$store" --phenotypes "$table" "${predictions[@]}" --output "tests_$prior"
done
/usr/bin/python3 - <<'EOS'
import collections

import h5py
import numpy as np
priors = ("none", "ridge", "mixture", "auto")
rows = collections.defaultdict(list)
files = {p: h5py.File(f"tests_{p}/association/association.h5") for p in priors}
with h5py.File("null_auto/null_model/null_model.h5") as f:
    chosen = dict(zip((n.decode() for n in f["traits/name"][:]), (p.decode() for p in f["traits/prior"][:])))
for line in open("causal.txt"):
    name, causal = line.split()
    at = np.array(causal.split(","), int)
    row = []
    for p in priors:
        trait = files[p]["traits"][name]
        chi = (trait["beta"][:] / trait["standard_error"][:]) ** 2
        others = np.delete(chi, at)
        row += [np.nanmean(chi[at]), np.nanmedian(others) / 0.4549]
    rows[name.split("_")[0]].append((row, chosen[name]))
print("mean chi-square at causal variants (median of the others over 0.455)")
print("traits          " + "".join(f"{p:>20}" for p in priors) + "   gain of mixture, auto over ridge   auto takes")
for kind, found in rows.items():
    mean = np.mean([r for r, _ in found], axis=0)
    cells = "".join(f"{mean[2 * k]:12.2f} ({mean[2 * k + 1]:.2f})" for k in range(4))
    takes = ", ".join(f"{n} {p}" for p, n in collections.Counter(c for _, c in found).items())
    print(f"{kind:<16}{cells}   {100 * (mean[4] / mean[2] - 1):+.1f} %, {100 * (mean[6] / mean[2] - 1):+.1f} %   {takes}")
EOS

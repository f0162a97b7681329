#!/usr/bin/env bash
# score gives byte-identical results for 1 to 4 ranks and 1 or 2 threads: several files of weights at once, of all kinds, with
# missing calls, X, scores of few variants, and scores relative to ancestry.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
quiet "$SALUS" principal_components --genotypes "$store" --components 3 --output components
components=$(find components -name components.h5)
/usr/bin/python3 - "$(find simulated -name genotypes.bim)" <<'EOS'
import hashlib
import sys

with open(sys.argv[1]) as f:
    chromosome, _, _, position, alt, ref = zip(*(line.split() for line in f))
def weight(i, salt):
    return hashlib.sha256(f"{salt}{i}".encode()).digest()[0] / 255 - 0.5
rows = range(len(ref))
with open("catalog.txt", "w") as out:
    print("#pgs_id=PGS900001\n#genome_build=GRCh38\nchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight", file=out)
    for i in rows:
        effect, other = (alt[i], ref[i]) if i % 2 else (ref[i], alt[i])
        print(chromosome[i], position[i], effect, other, weight(i, "a"), sep="\t", file=out)
with open("many.csv", "w") as out:
    print("chr,pos,A1,A2," + ",".join(f"w{k}" for k in range(9)), file=out)
    for i in rows[::3]:
        print(chromosome[i], position[i], alt[i], ref[i], *(weight(i, k) for k in range(9)), sep=",", file=out)
with open("few.tsv", "w") as out:
    print("chr\tpos\tA1\tA2\tweight", file=out)
    for i in rows[::50]:
        print(chromosome[i], position[i], alt[i], ref[i], weight(i, "few"), sep="\t", file=out)
EOS
run() { # ranks threads
    OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" score --genotypes "$store" --scores catalog.txt --scores many.csv \
        --scores few.tsv --components "$components" --components_count 2 --ambiguous keep --threads "$2" --output "r$1t$2"
    sha256sum <"r$1t$2/score/score.h5"
}
expected=$(run 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
/usr/bin/python3 - <<'EOS'
import h5py
with h5py.File("r1t1/score/score.h5") as f:
    assert len(f["report/score"]) == 11 and set(f["report/status"][:]) == {b"scored"}
    assert len(f["scores/PGS900001"]) == 300 and f["scores/PGS900001"][:].std() > 0
    assert abs(f["z_mean/w0"][:].std() - 1) < 0.02  # on the reference people
EOS

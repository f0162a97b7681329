#!/usr/bin/env bash
# null_model gives byte-identical results for 1, 2, 3 and 4 ranks and 1 or 2 threads; its LOCO files come back as they were.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 300 --chromosomes chr1 --chromosomes chr2 --chromosomes chrX --region_mb 1 --common_per_mb 400 \
    --rare_per_mb 100 --formats bed --output simulated --seed 11
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
quiet "$SALUS" quality --genotypes "$store" --output quality
quality=$(find quality -name quality.h5)
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
# Traits from the names of the samples: no randomness but that of the seed above.
/usr/bin/python3 - "$store" <<'EOS' >traits.csv
import glob
import hashlib
import sys

import h5py
with h5py.File(glob.glob(sys.argv[1] + "/*index*")[0]) as f:
    ids = [s.decode() for s in f["samples/sample_id"][:]]
print("sample_id,height,weight,disease,age")
for i in ids:
    u = [b / 255 for b in hashlib.sha256(i.encode()).digest()]
    weight = "" if u[4] < 0.04 else 70 + 10 * (u[2] + u[3] - 1)
    print(f"{i},{170 + 20 * (u[0] - u[1])},{weight},{int(u[5] < 0.3)},{30 + 40 * u[6]}")
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table traits.csv --table_traits height --table_traits weight --table_traits disease \
    --table_covariates age --sex false --groups false --output phenotypes
run() { # ranks threads
    OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" null_model --genotypes "$store" --quality "$quality" \
        --phenotypes phenotypes/phenotypes/phenotypes.h5 --block_size 60 --minor_allele_count_min 5 --threads "$2" --output "r$1t$2"
    sha256sum <"r$1t$2/null_model/null_model.h5"
}
expected=$(run 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    [[ $(run $layout) == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
quiet "$SALUS" export r1t1/null_model/null_model.h5 --table loco --format regenie-loco --output written
[[ $(wc -l <written_pred.list) == 3 && $(wc -l <written_1.loco) == 24 ]] || { echo 'LOCO files are not complete'; exit 1; }

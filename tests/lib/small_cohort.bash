# Sourced by tests of the same bytes on any ranks: 300 simulated samples on chr1, chr2 and chrX with quality marks and traits.
# Sets $store, $quality and $table.
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }

# The traits come from the names of the samples: no randomness but that of the seed.
small_cohort() {
    quiet "$SALUS" simulate --samples 300 --chromosomes chr1 --chromosomes chr2 --chromosomes chrX --region_mb 1 --common_per_mb 400 \
        --rare_per_mb 100 --formats bed --output simulated --seed 11
    quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
    store=$(find genomes -type d -name genotypes.store)
    quiet "$SALUS" quality --genotypes "$store" --output quality
    quality=$(find quality -name quality.h5)
    /usr/bin/python3 - "$store" <<'EOS' >traits.csv
import glob
import hashlib
import sys

import h5py
with h5py.File(glob.glob(sys.argv[1] + "/*index*")[0]) as f:
    ids = [s.decode() for s in f["samples/sample_id"][:]]
print("sample_id,height,weight,disease,event,years,age")
for i in ids:
    u = [b / 255 for b in hashlib.sha256(i.encode()).digest()]
    weight = "" if u[4] < 0.04 else 70 + 10 * (u[2] + u[3] - 1)
    print(f"{i},{170 + 20 * (u[0] - u[1])},{weight},{int(u[5] < 0.1)},{int(u[7] < 0.4)},{0.5 + 9 * u[8]},{30 + 40 * u[6]}")
EOS
    quiet "$SALUS" phenotypes --genotypes "$store" --table traits.csv --table_traits height --table_traits weight --table_traits disease \
        --time_to_event "death = event : years" --table_covariates age --sex false --groups false --output phenotypes
    table=phenotypes/phenotypes/phenotypes.h5
}

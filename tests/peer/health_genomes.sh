#!/usr/bin/env bash
# Health records beside genomes: on a clean cohort nothing but its identical twins is found; then samples are given to the wrong person,
# two genomes change their labels, one is there twice, links and rows are lost, and each is found exactly, on 1 to 3 ranks alike.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -20 run.log; exit 1; }; }
chromosomes=(); for c in $(seq -f chr%g 22) chrX chrY; do chromosomes+=(--chromosomes "$c"); done
quiet "$SALUS" simulate --samples 240 "${chromosomes[@]}" --region_mb 60 --common_per_mb 5 --rare_per_mb 0 --family_share 0.5 --formats vcf \
    --without_genome 0 --without_record 0 --defect_rate 0 --duplicates 0 --contaminated 0 --low_call 0 --swapped_sex 0 \
    --hardy_weinberg_faults 0 --low_call_faults 0 --output made
mv made/simulate/cohort clean
analyse() { # folder ranks
    local folder=$1 ranks=$2 genotypes=$1/genotypes.vcf
    [[ -f $genotypes ]] || genotypes+=.gz
    run() { quiet mpirun --oversubscribe -n "$ranks" "$SALUS" "$@"; }
    run ingest_genomes --genotypes "$genotypes" --sample_sheet "$folder/samples.tsv" --genome_build GRCh38 --output "$folder.g$ranks"
    local store=("$folder.g$ranks"/*/genotypes.store)
    run quality --genotypes "${store[0]}" --sample_sheet "$folder/samples.tsv" --output "$folder.q$ranks"
    run kinship --genotypes "${store[0]}" --sample_sheet "$folder/samples.tsv" --output "$folder.k$ranks"
    run ingest_health --omop "$folder/omop" --links "$folder/links.csv" --on_bad_record skip --output "$folder.e$ranks"
    run health_quality --omop "$folder/omop" --events "$folder.e$ranks/ingest_health/events.h5" --output "$folder.h$ranks" \
        --quality "$folder.q$ranks/quality/quality.h5" --kinship "$folder.k$ranks/kinship/kinship.h5"
}
analyse clean 1
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/health_genomes_faults.py" clean clean.q1/quality/quality.h5 faulty >expected.txt
for ranks in 1 2 3; do
    analyse faulty "$ranks"
    cmp "faulty.h1/health_quality/health_quality.h5" "faulty.h$ranks/health_quality/health_quality.h5"
done
/usr/bin/python3 - clean.h1/health_quality/health_quality.h5 faulty.h1/health_quality/health_quality.h5 expected.txt <<'EOS'
import sys

import h5py


def findings(path):
    with h5py.File(path) as f:
        t = f["checks"]
        rows = zip(*(t[k][:] for k in ("check", "table", "examined", "violated", "verdict")))
        return {(c.decode(), d.decode()): (int(e), int(v), w.decode()) for c, d, e, v, w in rows}


clean, faulty = findings(sys.argv[1]), findings(sys.argv[2])
expected = {}
for line in open(sys.argv[3]):
    state, check, table, *counts = line.rstrip("\n").split("\t")
    expected[state, check, table] = tuple(int(n) for n in counts[:2]) + (counts[2],)
for (state, check, table), wanted in expected.items():
    got = (clean if state == "clean" else faulty)[check, table]
    assert got == wanted, (state, check, table, got, wanted)
signs = {k for k, v in clean.items() if k[0] in ("rateBreaks", "rateOutliers", "codeSwitches", "duplicatePersons") and v[2] != "PASS" and v[1]}
assert not signs, signs
assert len(expected) == 14, len(expected)
EOS

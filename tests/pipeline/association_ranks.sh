#!/usr/bin/env bash
# association with whole-genome predictions, saddle-points, time to event, codings and conditions gives byte-identical results for
# 1, 2, 3 and 4 ranks and 1 or 2 threads; predictions through regenie's files give the same tests.
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
print("sample_id,height,weight,disease,event,years,age")
for i in ids:
    u = [b / 255 for b in hashlib.sha256(i.encode()).digest()]
    weight = "" if u[4] < 0.04 else 70 + 10 * (u[2] + u[3] - 1)
    print(f"{i},{170 + 20 * (u[0] - u[1])},{weight},{int(u[5] < 0.1)},{int(u[7] < 0.4)},{0.5 + 9 * u[8]},{30 + 40 * u[6]}")
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table traits.csv --table_traits height --table_traits weight --table_traits disease \
    --time_to_event "death = event : years" --table_covariates age --sex false --groups false --output phenotypes
table=phenotypes/phenotypes/phenotypes.h5
quiet "$SALUS" null_model --genotypes "$store" --quality "$quality" --phenotypes "$table" --traits height,weight,disease --block_size 60 \
    --minor_allele_count_min 5 --output null
model=null/null_model/null_model.h5
scan() { # output ranks threads options...
    local output=$1 ranks=$2 threads=$3; shift 3
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" association --genotypes "$store" --quality "$quality" --phenotypes "$table" \
        --minor_allele_count_min 5 --threads "$threads" --output "$output" "$@"
    sha256sum <"$output/association/association.h5"
}
same() { # name options...
    local name=$1 expected layout; shift
    expected=$(scan "$name" 1 1 "$@")
    for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
        [[ $(scan "$name-${layout/ /t}" $layout "$@") == "$expected" ]] || { echo "$name: results differ on $layout (ranks threads)"; exit 1; }
    done
}
same predictions --null_model "$model" --binary_test score_saddlepoint --traits height,weight,disease
same survival --traits death,disease --time_to_event_test score_saddlepoint
same wald --traits death --time_to_event_test wald
same recessive --coding recessive --traits height,disease
same firth --traits disease --refit_p_max 1 --exact_firth_p_max 0.01
# The same predictions through regenie's files, which have single precision.
quiet "$SALUS" export "$model" --table loco --format regenie-loco --output written
scan loco 1 1 --loco written_pred.list --binary_test score_saddlepoint --traits height,weight,disease >loco.sum
/usr/bin/python3 - predictions/association/association.h5 loco/association/association.h5 <<'EOS'
import sys

import h5py
import numpy as np
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    for trait in ("height", "weight", "disease"):
        x, y = a["traits"][trait], b["traits"][trait]
        tested = x["status"][:] == 0
        assert tested.sum() > 500 and (tested == (y["status"][:] == 0)).all(), trait
        # Standard errors, since beta may be near 0: files print about 6 digits of predictions.
        worst = np.max(np.abs(x["beta"][:] - y["beta"][:])[tested] / x["standard_error"][:][tested])
        assert worst < 1e-3, (trait, worst)
    plain = a["traits/height"]["beta"][:]
assert np.isfinite(plain).any()
EOS
# A trait that cannot be analysed, though it is named, does not end the run; predictions of other samples do.
scan dropped 1 1 --null_model "$model" --traits height,death >dropped.sum
"$SALUS" show dropped/association/association.h5 traits_skipped | grep -q death || { echo "death is not among the skipped traits"; exit 1; }
sed -i '1,$s/ written_/ nowhere_/' written_pred.list; sed -i 's#/written_#/nowhere_#' written_pred.list
got=0; "$SALUS" association --genotypes "$store" --phenotypes "$table" --loco written_pred.list --output missing 2>stderr || got=$?
[[ $got == 3 || $got == 2 ]] && grep -q nowhere_ stderr || { cat stderr; echo "exit code $got for a missing .loco file"; exit 1; }

#!/usr/bin/env bash
# association with whole-genome predictions, saddle-points, time to event, levels, codings and strata gives byte-identical results for
# 1, 2, 3 and 4 ranks and 1 or 2 threads; predictions through regenie's files give the same tests.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
quiet "$SALUS" null_model --genotypes "$store" --quality "$quality" --phenotypes "$table" --block_size 60 \
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
same survival --null_model "$model" --traits death,disease --time_to_event_test score_saddlepoint
same wald --traits death --time_to_event_test wald
same recessive --coding recessive --traits height,disease
same genotypic --coding genotypic --traits height,disease --refit_p_max 0.5
# Levels and strata from the names of the samples.
awk -F, 'NR == 1 { print $1 ",grade,centre" } NR > 1 { print $1 "," int(NR * NR % 101 / 30) "," NR % 3 }' traits.csv >kinds.csv
quiet "$SALUS" phenotypes --genotypes "$store" --table kinds.csv --table_traits grade --ordinal_traits grade --table_covariates centre \
    --sex false --groups false --output kinds_table
table=kinds_table/phenotypes/phenotypes.h5 same kinds --strata centre --odds_ratio_p_max 0.1
same firth --traits disease --refit_p_max 1 --exact_firth_p_max 0.01
same exact --traits disease,death --refit_p_max 1 --exact_copies_max 60
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
# A trait without predictions, though it is named, does not end the run; predictions of other samples do.
quiet "$SALUS" null_model --genotypes "$store" --quality "$quality" --phenotypes "$table" --traits height --block_size 60 \
    --minor_allele_count_min 5 --output height
scan dropped 1 1 --null_model height/null_model/null_model.h5 --traits height,death >dropped.sum
"$SALUS" show dropped/association/association.h5 traits_skipped | grep -q death || { echo "death is not among the skipped traits"; exit 1; }
sed -i '1,$s/ written_/ nowhere_/' written_pred.list; sed -i 's#/written_#/nowhere_#' written_pred.list
got=0; "$SALUS" association --genotypes "$store" --phenotypes "$table" --loco written_pred.list --output missing 2>stderr || got=$?
[[ $got == 3 || $got == 2 ]] && grep -q nowhere_ stderr || { cat stderr; echo "exit code $got for a missing .loco file"; exit 1; }

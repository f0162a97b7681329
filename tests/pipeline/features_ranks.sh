#!/usr/bin/env bash
# Feature tables as CSV, gzip and HDF5 with dictionaries: every value, reason and pseudonym against Python's csv, traits and
# covariates in genotype order, and the same bytes on 1 to 4 ranks and for any cut.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
samples=$SALUS_SOURCE/data-samples
here=$SALUS_SOURCE/tests/pipeline
quiet "$SALUS" ingest_genomes --genotypes "$samples/genotypes.vcf.gz" --sample_sheet "$samples/samples.tsv" --genome_build GRCh38 --output genomes
store=$(find genomes -type d -name genotypes.store)
quiet "$SALUS" ingest_health --omop "$samples/omop" --links "$samples/links.csv" --output health
events=$(find health -name events.h5)
/usr/bin/python3 "$here/features_tables.py" make "$samples/links.csv" .

tables=(--tables lifestyle.csv --dictionaries lifestyle.dictionary.csv --tables proteome.tsv.gz --dictionaries proteome.dictionary.csv
    --tables imaging.h5 --dictionaries imaging.dictionary.csv --tables air.h5 --dictionaries air.dictionary.csv)
for ranks in 1 2 3 4; do
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" ingest_features "${tables[@]}" --events "$events" --unit_bytes 20000 --output "ranks$ranks"
    cmp "ranks1/ingest_features/features.h5" "ranks$ranks/ingest_features/features.h5"
done
features=ranks1/ingest_features/features.h5
quiet "$SALUS" verify "$features"
# Another cut, the link table instead of health records: all datasets but the provenance are the same.
quiet "$SALUS" ingest_features "${tables[@]}" --links "$samples/links.csv" --output whole
/usr/bin/python3 "$here/features_tables.py" store . "$features" whole/ingest_features/features.h5

wanted=(--feature_traits "bmi" --feature_traits "weight_lb = weight in [lb_av]" --feature_traits "weight_last = weight at last" --feature_traits "weight_2 = weight at 2"
    --feature_traits "current_smoker = smoking is current" --feature_traits "snores" --feature_traits "diet" --feature_traits "born" --feature_traits "prot_1*"
    --feature_traits "hippocampus" --feature_traits "site" --feature_covariates smoking --feature_covariates pm25)
for ranks in 1 2 3 4; do
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" phenotypes --genotypes "$store" --features "$features" "${wanted[@]}" --output "traits$ranks"
    cmp traits1/phenotypes/phenotypes.h5 "traits$ranks/phenotypes/phenotypes.h5"
done
/usr/bin/python3 "$here/features_tables.py" traits . traits1/phenotypes/phenotypes.h5

# Definitions ask for features beside codes of the records.
cat >asked.toml <<'EOS'
[[trait]]
name = "heavy"
codes = ["FEATURE:bmi"]
unit = "kg/m2"
value = [">= 27"]
inside_observation = false

[[trait]]
name = "mean_weight"
kind = "quantitative"
codes = ["FEATURE:weight"]
unit = "g"
summary = "mean"
inside_observation = false

[[trait]]
name = "ever_smoked"
codes = ["FEATURE:smoking=former", "FEATURE:smoking=current"]
inside_observation = false
EOS
for ranks in 1 2 3; do
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" phenotypes --genotypes "$store" --events "$events" --features "$features" \
        --definitions asked.toml --feature_events bmi --feature_events weight --feature_events "smok*" --output "asked$ranks"
    cmp asked1/phenotypes/phenotypes.h5 "asked$ranks/phenotypes/phenotypes.h5"
done
/usr/bin/python3 "$here/features_tables.py" asked . asked1/phenotypes/phenotypes.h5

# What cannot be had is said.
refused() { # text, arguments
    local words=$1 got=0; shift
    "$SALUS" phenotypes --genotypes "$store" --features "$features" "$@" --output refused 2>err.txt || got=$?
    [[ $got != 0 && $got != 70 ]] && grep -qF "$words" err.txt || { echo "$*: exit $got"; cat err.txt; exit 1; }
}
refused "did you mean weight" --feature_traits weigth
refused "cannot be given in mmol/L" --feature_traits "weight in mmol/L"
refused "has no level sometimes" --feature_traits "smoking is sometimes"
refused "is a category of 3 levels" --feature_traits smoking
refused "there is no visit 7" --feature_traits "bmi at 7"
refused "trait bmi is there twice" --feature_traits bmi --feature_traits "bmi = weight"
refused "no feature is asked for"

# Traits and covariates go through association.
quiet "$SALUS" association --genotypes "$store" --phenotypes traits1/phenotypes/phenotypes.h5 --traits bmi --traits snores --output scan
/usr/bin/python3 - scan/association/association.h5 <<'EOS'
import sys
import h5py
import numpy as np
with h5py.File(sys.argv[1]) as f:
    for trait in ("bmi", "snores"):
        assert np.isfinite(f[f"traits/{trait}/neg_log10_p"][:]).sum() > 100, trait
EOS

#!/usr/bin/env bash
# The sample cohort as OMOP tables and as a FHIR bulk export gives the same phenotypes, and the export the
# same bytes on any number of ranks.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
data=$SALUS_SOURCE/data-samples
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/fhir_convert.py" "$data/omop" omop fhir
expect 0 "$SALUS" ingest_health --omop omop --links "$data/links.csv" --output as_omop
for ranks in 1 2 3; do
    expect 0 mpirun -q --oversubscribe -n $ranks "$SALUS" ingest_health --fhir fhir --links "$data/links.csv" --unit_bytes 100000 \
        --shards 5 --output as_fhir$ranks
done
for ranks in 2 3; do
    cmp as_fhir1/ingest_health/events.h5 as_fhir$ranks/ingest_health/events.h5 || fail "events differ on $ranks ranks"
done
for kind in omop fhir1; do
    expect 0 "$SALUS" phenotypes --genotypes "$data/genotypes.vcf.gz" --events "as_$kind/ingest_health/events.h5" \
        --definitions "$SALUS_SOURCE/pipelines/phenotypes/demo.toml" --output "traits_$kind"
done
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/fhir_compare.py" traits_{omop,fhir1}/phenotypes/phenotypes.h5

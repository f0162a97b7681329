#!/usr/bin/env bash
# Quality of health records against a slow count in Python: real-looking tables, the same with injected defects (which must all be
# found), with built-in and with published checks; the same bytes on 1 to 4 ranks.
set -euo pipefail
ehr=$SALUS_DATA/ehr
[[ -d $ehr/omop_dirty ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
check() { # ranks output folder flags...
    local ranks=$1 output=$2 folder=$3; shift 3
    rm -rf "$output"
    mpirun --oversubscribe -n "$ranks" "$SALUS" health_quality --omop "$folder" --output "$output" "$@" >"$output.log" 2>&1 ||
        { tail -20 "$output.log"; exit 1; }
}
compare=$SALUS_SOURCE/tests/peer/health_quality_compare.py
check 1 clean "$ehr/omop54_synthea27"
/usr/bin/python3 "$compare" "$ehr/omop54_synthea27" clean/health_quality/health_quality.h5 2022-10-10
check 1 dirty "$ehr/omop_dirty" --latest_date 2030-01-01
/usr/bin/python3 "$compare" "$ehr/omop_dirty" dirty/health_quality/health_quality.h5 2030-01-01
published=()
for level in Table Field Concept; do published+=(--checks "$ehr/dqd_thresholds_v54/DQD_OMOP_CDMv5.4_${level}_Level.csv"); done
check 1 published "$ehr/omop_dirty" --latest_date 2030-01-01 "${published[@]}"
/usr/bin/python3 "$compare" "$ehr/omop_dirty" published/health_quality/health_quality.h5 2030-01-01
for ranks in 1 2 3 4; do
    check "$ranks" "ranks$ranks" "$ehr/omop_dirty" --unit_bytes 50000 --shards 5
    (cd "ranks$ranks/health_quality" && sha256sum health_quality.h5 label.json) >"ranks$ranks.sha256"
    diff ranks1.sha256 "ranks$ranks.sha256" || { echo "results differ on $ranks ranks"; exit 1; }
done

# Every defect that was put in shows up in a check that does not pass, and nothing but them and what follows from them.
/usr/bin/python3 - clean/health_quality/health_quality.h5 dirty/health_quality/health_quality.h5 <<'EOS'
import sys

import h5py


def not_passed(path):
    with h5py.File(path) as f:
        t = f["checks"]
        rows = zip(*(t[k][:] for k in ("check", "table", "field", "verdict", "examined", "violated")))
        return {tuple(x.decode() for x in r[:3]): (int(r[4]), int(r[5])) for r in rows if r[3] in (b"WARN", b"FAIL")}


clean, dirty = not_passed(sys.argv[1]), not_passed(sys.argv[2])
c, d, m, v = "condition_occurrence", "drug_exposure", "measurement", "visit_occurrence"
put_in = {("isRequired", c, "condition_start_date"), ("isForeignKey", c, "person_id"), ("cdmDatatype", m, "measurement_date"),
          ("standardConceptRecordCompleteness", c, "condition_concept_id"), ("plausibleStartBeforeEnd", c, "condition_start_date"),
          ("plausibleAfterBirth", m, "measurement_date"), ("cdmDatatype", m, "value_as_number"),
          ("isPrimaryKey", v, "visit_occurrence_id"), ("plausibleValueHigh", d, "drug_exposure_start_date"),
          ("unitAgreesWithSource", m, "unit_concept_id"), ("plausibleUnitConceptIds", m, "value_as_number"),
          ("plausibleValueHigh", m, "value_as_number"), ("measureObservationPeriodOverlap", "observation_period", "")}
dates = {(c, "condition_start_date"), (c, "condition_end_date"), (c, "condition_end_datetime"), (d, "drug_exposure_start_date"),
         (d, "drug_exposure_start_datetime"), (m, "measurement_date"), (m, "measurement_datetime"), (c, "condition_source_value")}
if put_in - dirty.keys():
    sys.exit(f"not found: {put_in - dirty.keys()}")
alarms = {k for k in clean if k[0] in ("rateBreaks", "rateOutliers", "codeSwitches")}
if alarms:
    sys.exit(f"false alarms on clean records: {alarms}")
# A jump of the rates or a heap may change by itself.
others = {k for k in dirty.keys() - put_in if k[1:] not in dates and dirty[k] != clean.get(k) and k[0] not in ("rateBreaks", "rateOutliers",
          "isForeignKey", "standardConceptRecordCompleteness")}
if others:
    sys.exit(f"found, but not put in: {others}")
EOS

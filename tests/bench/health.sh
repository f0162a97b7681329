#!/usr/bin/env bash
# Rows per CPU second of ingest_health: OMOP measurements (23 columns, about 130 bytes) of persons with 200 rows
# each, to a finished event store. Also the time of reading the same bytes with wc -l, as a floor.
# Usage: SALUS=build/salus tests/bench/health.sh [folder] [rows in millions]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} millions=${2:-10}
mkdir -p "$work/omop"; cd "$work"
if [[ ! -f omop/measurement.csv ]]; then
    awk -v persons=$((millions * 5000)) 'BEGIN {
        person = "omop/person.csv"; period = "omop/observation_period.csv"
        print "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,person_source_value" >person
        print "observation_period_id,person_id,observation_period_start_date,observation_period_end_date,period_type_concept_id" >period
        print "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,measurement_time,measurement_type_concept_id,operator_concept_id,value_as_number,value_as_concept_id,unit_concept_id,range_low,range_high,provider_id,visit_occurrence_id,visit_detail_id,measurement_source_value,measurement_source_concept_id,unit_source_value,unit_source_concept_id,value_source_value,measurement_event_id,meas_event_field_concept_id"
        split("13457-7 4548-4 8302-2 29463-7 8480-6", code, " "); split("mg/dL % cm kg mm[Hg]", unit, " ")
        split("8840 8554 8582 9529 8876", unit_id, " "); split("3028288 3004410 3036277 3025315 3004249", id, " ")
        for (p = 1; p <= persons; ++p) {
            printf "%d,%d,%d,%d,%d,S%d\n", p, 8507 + 25 * (p % 2), 1930 + p % 70, 1 + p % 12, 1 + p % 28, p >person
            printf "%d,%d,2000-01-01,2024-12-31,44814724\n", p, p >period
            for (r = 0; r < 200; ++r) {
                k = 1 + (p + r * 7) % 5; h = (p * 7919 + r * 104729) % 100003
                date = sprintf("%d-%02d-%02d", 2000 + h % 25, 1 + h % 12, 1 + h % 28)
                printf "%d,%d,%s,%s,%s 00:00:00,,38000267,0,%.1f,0,%s,,,33,%d,,%s,%s,%s,,%.1f,,\n", (p - 1) * 200 + r, p, id[k], date, date, h / 500, unit_id[k], h, code[k], id[k], unit[k], h / 500
            }
        }
    }' >omop/measurement.csv
fi
rows=$(($(wc -l <omop/measurement.csv) - 1))
rm -rf result
floor=$(cpu wc -l omop/measurement.csv)
ours=$(cpu "$SALUS" ingest_health --omop omop --threads 1 --output result)
awk -v rows="$rows" -v bytes="$(stat -c %s omop/measurement.csv)" -v ours="$ours" -v floor="$floor" 'BEGIN {
    printf "%d rows, %.0f MiB: %.1f CPU seconds, %.2f M rows/s and core (wc -l: %.1f s)\n", rows, bytes / 1048576, ours, rows / ours / 1e6, floor }'
grep -h 'per rank' result/run.log run.log 2>/dev/null | tail -1 || true
grep -h 'rows:\|codes:\|persons:\|events:' result/run.log 2>/dev/null || true
ls -l result/ingest_health/events.h5 | awk '{ printf "events.h5: %.1f bytes per event\n", $5 / '"$rows"' }'

#!/usr/bin/env bash
# Bad health files: exit code and message of each, no values of persons in it, and nothing half-written.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/omop"
omop=$SALUS_TMP/omop out=$SALUS_TMP/out

good() {
    rm -f "$omop"/*
    printf 'person_id,gender_concept_id,year_of_birth,person_source_value\n4711,8507,1950,S1\n4712,8532,1960,S2\n' >"$omop/person.csv"
    printf 'person_id,observation_period_start_date,observation_period_end_date\n4711,2000-01-01,2020-01-01\n' >"$omop/observation_period.csv"
    printf 'person_id,condition_concept_id,condition_start_date,condition_source_value\n4711,1,2001-01-01,E11.9\n' >"$omop/condition_occurrence.csv"
    printf 'person_id,measurement_concept_id,measurement_date,value_as_number\n4711,1,2001-01-01,5.5\n' >"$omop/measurement.csv"
}
ingest() { "$SALUS" ingest_health --omop "$omop" --output "$out" "$@"; }
# refused TEXT...: exit code 3 with these texts, without identifiers, and no result.
refused() {
    rm -rf "$out"
    expect 3 ingest
    says "$@"
    ! grep -qE '471[0-9]|secret' "$SALUS_TMP/stderr" || fail "the message shows an identifier or a value"
    [[ ! -e $out/ingest_health/events.h5 ]] || fail "a result was left"
    [[ ! -d $out ]] || nothing_left "$out"
}

good; expect 0 ingest
rm -rf "$out"
good; for f in "$omop"/*.csv; do sed -i 's/$/\r/; 1s/^/\xEF\xBB\xBF/' "$f"; done
expect 0 ingest   # CRLF and byte order mark
rm -rf "$out"
good; gzip "$omop/measurement.csv"; expect 0 ingest

good; rm "$omop/person.csv"; refused 'there is no person.csv'
good; sed -i '1s/measurement_date/measurment_date/' "$omop/measurement.csv"
refused 'there is no column measurement_date' 'rename the column measurment_date' 'measurement.csv, line 1'
good; echo '4711,1,31/12/2001,secret' >>"$omop/condition_occurrence.csv"
refused 'bad_date' 'condition_occurrence.csv, line 3, column condition_start_date' 'on_bad_record'
good; echo '4711,1,2001-01-01,secret' >>"$omop/measurement.csv"
refused 'bad_number' 'measurement.csv, line 3, column value_as_number'
good; printf '4711,1,2001-01-01,M\xFCller secret\n' >>"$omop/condition_occurrence.csv"
refused 'not UTF-8' 'line 3, byte 20'
good; echo '4711,1,2001-01-01' >>"$omop/condition_occurrence.csv"
refused '3 fields instead of 4'
good; echo '4719,1,2001-01-01,E11' >>"$omop/condition_occurrence.csv"
refused 'unknown_person' 'condition_occurrence.csv, line 3'
good; echo '4711,8507,1950,S1' >>"$omop/person.csv"
refused 'duplicate_person' 'person.csv, line 4'
good; echo '4712,2001-01-01,2000-01-01' >>"$omop/observation_period.csv"
refused 'end_before_start'
good; for i in $(seq 20000); do echo "4711,1,2001-01-01,$((i * 7919 % 1000))"; done >>"$omop/measurement.csv"
gzip "$omop/measurement.csv"; truncate -s 20000 "$omop/measurement.csv.gz"
refused 'damaged or truncated'
good; for f in "$omop"/*.csv; do sed -i '1!d' "$f"; done
refused 'the cohort is empty'

good; echo '4711,1,31/12/2001,x' >>"$omop/condition_occurrence.csv"
rm -rf "$out"; expect 0 ingest --on_bad_record skip
says '1 rows left out: bad_date'

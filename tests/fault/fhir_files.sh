#!/usr/bin/env bash
# Bad FHIR files: exit code and message of each, no values of persons in it, and nothing half-written.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/fhir"
fhir=$SALUS_TMP/fhir out=$SALUS_TMP/out

observation() { # id, more
    echo '{"resourceType":"Observation","id":"'"$1"'","status":"final","subject":{"reference":"Patient/p4711"},"effectiveDateTime":"2001-01-01","code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]}'"$2"'}'
}
good() {
    rm -rf "$fhir"; mkdir "$fhir"
    echo '{"resourceType":"Patient","id":"p4711","gender":"male","birthDate":"1950"}' >"$fhir/Patient.ndjson"
    observation o1 ',"valueQuantity":{"value":5.5,"unit":"%"}' >"$fhir/Observation.ndjson"
}
ingest() { "$SALUS" ingest_health --fhir "$fhir" --output "$out" "$@"; }
# refused TEXT...: exit code 3 with these texts, without identifiers, and no result.
refused() {
    rm -rf "$out"
    expect 3 ingest
    says "$@"
    ! grep -qE '471[0-9]|secret' "$SALUS_TMP/stderr" || fail "the message shows an identifier or a value"
    [[ ! -e $out/ingest_health/events.h5 ]] || fail "a result was left"
    [[ ! -d $out ]] || nothing_left "$out"
}
# counted REASON: the same files are read with on_bad_record = skip.
counted() { rm -rf "$out"; expect 0 ingest --on_bad_record skip; says "left out: $1"; }

good; expect 0 ingest
rm -rf "$out"
good; gzip "$fhir/Observation.ndjson"; expect 0 ingest

good; rm "$fhir"/*; refused 'there is no FHIR file'
good; echo '{"resourceType":"Observation","secret":1,}' >>"$fhir/Observation.ndjson"
refused 'not_json' 'Observation.ndjson, line 2' 'on_bad_record'; counted not_json
good; observation o2 ',"valueQuantity":{"value":"secret"}' >>"$fhir/Observation.ndjson"; observation o3 '' >>"$fhir/Observation.ndjson"
refused 'wrong_type' 'line 2, Observation.valueQuantity'; counted wrong_type
good; observation o2 ',"status":"secret"' >>"$fhir/Observation.ndjson"
refused 'duplicate_key' 'line 2, Observation.status'; counted duplicate_key
good; printf '{"resourceType":"Observation","x":%s%s}\n' "$(printf '[%.0s' {1..400})" "$(printf ']%.0s' {1..400})" >>"$fhir/Observation.ndjson"
refused 'too_deep' 'line 2'; counted too_deep
good; printf '{"resourceType":"Observation","id":"M\xFCller secret"}\n' >>"$fhir/Observation.ndjson"
refused 'not_utf8' 'line 2'; counted not_utf8
good; observation o2 ',"note":"'"$(head -c 5000 /dev/zero | tr '\0' x)"'"' >>"$fhir/Observation.ndjson"
rm -rf "$out"; expect 3 ingest --line_bytes 2000; says 'line_too_long' 'line 2'
rm -rf "$out"; expect 0 ingest --line_bytes 2000 --on_bad_record skip; says 'left out: line_too_long'
good; sed -i 's/2001-01-01/2001-02-30/' "$fhir/Observation.ndjson"; observation o2 '' >>"$fhir/Observation.ndjson"
refused 'bad_date' 'line 1, Observation.effectiveDateTime'; counted bad_date
good; observation o2 '' | sed 's/p4711/p4719/' >>"$fhir/Observation.ndjson"
refused 'unknown_person' 'Observation.ndjson, line 2'; counted unknown_person
good; echo '{"resourceType":"MedicationStatement","status":"active","subject":{"reference":"Patient/p4711"},"effectiveDateTime":"2001","medicationReference":{"reference":"Medication/secret"}}' >"$fhir/MedicationStatement.ndjson"
refused 'unresolved_medication' 'line 1, MedicationStatement.medicationReference' 'add the Medication file'; counted unresolved_medication
good; echo '{"transactionTime":"2024-01-01","output":[{"url":"https://h/Patient.ndjson"},{"url":"https://h/Condition.ndjson"}]}' >"$fhir/manifest.json"
refused 'the export lacks the file condition.ndjson'
good; for i in $(seq 3000); do observation "o$i" ",\"valueInteger\":$((i * 7919 % 1000))"; done >"$fhir/Observation.ndjson"
gzip "$fhir/Observation.ndjson"; truncate -s 20000 "$fhir/Observation.ndjson.gz"
refused 'damaged or truncated'

# Sound records that the rules leave out never end the job.
good; observation o2 '' | sed 's/final/preliminary/' >>"$fhir/Observation.ndjson"
echo '{"resourceType":"Device","id":"d"}' >"$fhir/Device.ndjson"
rm -rf "$out"; expect 0 ingest; says 'left out: not_final' 'left out: other_resource'

#!/usr/bin/env bash
# Bad feature tables and dictionaries: exit code and message of each, no values of persons in it, and nothing half-written.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
mkdir omop
printf 'person_id,gender_concept_id,year_of_birth,person_source_value\n4711,8507,1950,S1\n4712,8532,1960,S2\n4713,8532,1961,\n' >omop/person.csv
printf 'person_id,condition_concept_id,condition_start_date,condition_source_value\n4711,1,2001-01-01,E11.9\n' >omop/condition_occurrence.csv
expect 0 "$SALUS" ingest_health --omop omop --output health
events=health/ingest_health/events.h5

good() {
    printf 'column,type,unit,missing,levels,minimum,maximum\nbmi,number,kg/m2,-3 = refused,,10,80\nsmokes,category,,,0 = no | 1 = yes,,\nborn,date,,,,,\n' >d.csv
    printf 'person_id,bmi,smokes,born\n4711,21.5,0,1950-01-01\n4712,-3,1,\n4713,99,,1961-05-06\n' >t.csv
}
ingest() { "$SALUS" ingest_features --tables t.csv --dictionaries d.csv --events "$events" --output out "$@"; }
refused() { # exit code, texts
    local code=$1; shift
    rm -rf out
    expect "$code" ingest
    says "$@"
    ! grep -qE '471[0-9]|secret' stderr || fail "the message shows an identifier or a value"
    [[ ! -e out/ingest_features/features.h5 ]] || fail "a result was left"
    [[ ! -d out ]] || nothing_left out
}
good; expect 0 ingest
says '3 features of 3 persons, 2 with a sample' '1 values outside of their limits'
rm -rf out
good; sed -i 's/$/\r/; 1s/^/\xEF\xBB\xBF/' t.csv d.csv; expect 0 ingest
rm -rf out

good; echo '4711,22' >>t.csv; refused 3 '2 fields instead of 4' 't.csv, line 5'
good; echo '4711,secret,0,' >>t.csv; refused 3 'not a value of type number' 't.csv, line 5, column bmi' 'on_bad_record'
good; sed -i 's/,1,/,7secret,/' t.csv; refused 3 'not a value of type category' 'line 3, column smokes' 'one of the levels'
good; sed -i 's/1950-01-01/01.02.1950/' t.csv; refused 3 'not a value of type date' 'line 2, column born'
good; echo '4711,22,0,' >>t.csv; refused 3 'duplicate_person' 't.csv, line 5'
good; echo '4719,22,0,' >>t.csv; refused 3 'unknown_person' 't.csv, line 5'
good; echo ',22,0,' >>t.csv; refused 3 'no_person' 't.csv, line 5'
good; printf '4711,M\xFCller secret,0,\n' >>t.csv; refused 3 'not UTF-8' 'line 5'
good; sed -i 1q t.csv; refused 3 'no row is left'
good; sed -i 's/bmi,number/bmj,number/' d.csv; refused 3 'the table has no column bmj' 'd.csv, line 2' 'did you mean bmi' 'without a row in the dictionary: bmi'
good; sed -i 's/,number,/,numbr,/' d.csv; refused 3 '"numbr" is not a type' 'd.csv, line 2, column type'
good; sed -i 's,kg/m2,kgs/m2,' d.csv; refused 3 '"kgs/m2" is not a unit' 'line 2, column unit'
good; echo 'bmi,number,,,,,' >>d.csv; refused 3 'column bmi is declared twice' 'd.csv, line 5'
good; gzip -k t.csv; truncate -s -9 t.csv.gz; mv t.csv.gz t.csv; refused 3 'damaged or truncated'
good; cp t.csv u.csv; rm -rf out; expect 3 "$SALUS" ingest_features --tables t.csv --tables u.csv --dictionaries d.csv --events "$events" --output out
says 'there are 2 tables and 1 dictionaries'
rm -rf out; expect 2 "$SALUS" ingest_features --tables t.csv --dictionaries d.csv --output out
says 'give the input events or links'
head -c 32 /dev/urandom >key; chmod 600 key
rm -rf out; expect 3 ingest --pseudonym_key key
says 'made with another pseudonym key'

# Left out and counted, or missing and counted.
good
printf '4711,22\n4719,22,0,\n4711,23,1,\n,22,0,\n' >>t.csv
sed -i 's/21.5,0/secret,5/' t.csv
rm -rf out; expect 0 ingest --on_bad_record skip
says '1 rows left out: field_count, the first in line 5' '1 rows left out: unknown_person, the first in line 6' \
    '1 rows left out: duplicate_person, the first in line 7' '1 rows left out: no_person, the first in line 8' '2 cells that cannot be read'
/usr/bin/python3 - out/ingest_features/features.h5 <<'EOS'
import sys
import h5py
with h5py.File(sys.argv[1]) as f:
    cells = {(a.decode(), b.decode()): int(c) for a, b, c in zip(f["missing/feature"][:], f["missing/reason"][:], f["missing/cells"][:])}
    assert cells == {("bmi", "unreadable"): 1, ("bmi", "refused"): 1, ("bmi", "out_of_range"): 1, ("smokes", "unreadable"): 1,
                     ("smokes", "empty"): 1, ("born", "empty"): 1}, cells
    assert list(f["tables/rows_read"][:]) == [7] and list(f["tables/rows"][:]) == [3]
EOS
good; sed -i '1s/$/,extra/; 2,$s/$/,1/' t.csv
refused 3 'without a row in the dictionary: extra' 'undeclared'
rm -rf out; expect 0 ingest --undeclared skip

# HDF5 tables.
h5() { rm -rf t.csv out; /usr/bin/python3 -c "
import h5py, numpy as np
f = h5py.File('t.csv', 'w')
f['person_id'] = np.array([4711, 4712, 4713])
$1"; }
printf 'column,type,minimum\nbmi,number,10\nsmokes,integer,\n' >d.csv
h5 "f['values'] = np.array([[21.5, 1], [5, np.nan], [30, 2]]); f['columns'] = ['bmi', 'smokes']"; expect 0 ingest
h5 "f['bmi'] = np.float32([21.5, 5, 30]); f['smokes'] = np.int8([1, 0, 1])"; expect 0 ingest
h5 "f['values'] = np.zeros((3, 2)); f['columns'] = ['bmi']"; refused 3 'columns names 1 of 2 columns of values'
h5 "f['bmi'] = np.zeros(2); f['smokes'] = np.zeros(3)"; refused 3 'has 3 rows, others have 2'
h5 "f['bmi'] = np.zeros(3); f['smokes'] = np.array([1, 0.5, 1])"; refused 3 'not a value of type integer' 'row 2, column smokes'
h5 "f['bmi'] = h5py.ExternalLink('other.h5', '/x')"; refused 3 'external links'
h5 "f['bmi'] = np.zeros(3, dtype='i4,f8'); f['smokes'] = np.zeros(3)"; refused 3 'neither numbers nor text'

"""Counts of health_quality.h5 against a slow count of the same tables, one check at a time.

health_quality_compare.py OMOP_FOLDER RESULT [LATEST_DATE]
"""
import csv
import datetime
import glob
import os
import sys

import h5py

folder, result = sys.argv[1:3]
latest = sys.argv[3] if len(sys.argv) > 3 else None
tables = {}
for path in glob.glob(folder + "/*.csv"):
    with open(path, newline="") as f:
        tables[os.path.basename(path)[:-4].lower()] = list(csv.DictReader(f))
with h5py.File(result) as f:
    c = {k: f["checks"][k][:] for k in ("check", "table", "field", "concept_id", "examined", "violated", "verdict", "site")}
rows = {}
for i in range(len(c["check"])):
    key = tuple(c[k][i].decode() for k in ("check", "table", "field", "site")) + (int(c["concept_id"][i]),)
    if not c["concept_id"][i] and c["verdict"][i] != b"NOT_APPLICABLE":
        rows[key[:3]] = (int(c["examined"][i]), int(c["violated"][i]))


def day(text):
    try:
        return datetime.date.fromisoformat(text.strip()) if len(text.strip()) == 10 else None
    except ValueError:
        return None


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def birth_of(p):
    if day(p.get("birth_datetime", "")[:10]):
        return day(p["birth_datetime"][:10])
    return datetime.date(int(p["year_of_birth"]), int(p["month_of_birth"] or 1), int(p["day_of_birth"] or 1))


person = {}
for p in tables["person"]:
    person.setdefault(p["person_id"], p)
birth = {k: birth_of(p) for k, p in person.items()}
death = {}
for d in tables.get("death", []):
    at = day(d["death_date"])
    if at and d["person_id"] in person:
        death[d["person_id"]] = min(at, death.get(d["person_id"], at))
periods = {}
for p in tables["observation_period"]:
    a, b = day(p["observation_period_start_date"]), day(p["observation_period_end_date"])
    if a and b and a <= b:
        periods.setdefault(p["person_id"], []).append((a, b))
visits = {}
for v in tables.get("visit_occurrence", []):
    a, b = day(v["visit_start_date"]), day(v["visit_end_date"])
    visits.setdefault(v["visit_occurrence_id"], []).append((a, b or a))
concept = {r["concept_id"]: r for r in tables.get("concept", [])}
dated = {"condition_occurrence": ("condition_start_date", "condition_end_date", "condition_concept_id"),
         "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date", "drug_concept_id"),
         "measurement": ("measurement_date", None, "measurement_concept_id"),
         "procedure_occurrence": ("procedure_date", "procedure_end_date", "procedure_concept_id"),
         "observation": ("observation_date", None, "observation_concept_id"),
         "visit_occurrence": ("visit_start_date", "visit_end_date", "visit_concept_id")}
failed = compared = 0


def expect(check, table, field, flags):
    """flags: one truth value per row that is looked at."""
    global failed, compared
    flags = list(flags)
    want = (len(flags), sum(flags))
    got = rows.get((check, table, field), (0, 0))
    compared += 1
    if got != want:
        failed += 1
        print(f"{check} {table}.{field}: counted {want}, result {got}")


two_months, week = datetime.timedelta(60), datetime.timedelta(7)
for table, (start, end, what) in dated.items():
    if table not in tables or not tables[table]:
        continue
    data = tables[table]
    key = table + "_id"
    own = [r for r in data if r["person_id"] in person]
    expect("isRequired", table, start, (not r[start].strip() for r in data))
    expect("isForeignKey", table, "person_id", (r["person_id"] not in person for r in data))
    count = {}
    for r in data:
        count[r[key]] = count.get(r[key], 0) + 1
    expect("isPrimaryKey", table, key, (count[r[key]] > 1 for r in data))
    expect("cdmDatatype", table, start, (day(r[start]) is None for r in data if r[start].strip()))
    for field in (start, end):
        if field and field in data[0]:
            expect("plausibleAfterBirth", table, field, (day(r[field]) < birth[r["person_id"]] for r in own if day(r[field])))
            expect("plausibleBeforeDeath", table, field,
                   (day(r[field]) > death[r["person_id"]] + two_months for r in own if day(r[field]) and r["person_id"] in death))
            if latest:
                expect("plausibleValueHigh", table, field, (day(r[field]) > day(latest) for r in data if day(r[field])))
    if end and end in data[0]:
        expect("plausibleStartBeforeEnd", table, start, (day(r[start]) > day(r[end]) for r in data if day(r[start]) and day(r[end])))
    expect("withinObservation", table, start,
           (not any(a <= day(r[start]) <= b for a, b in periods.get(r["person_id"], [])) for r in own if day(r[start])))
    if table != "visit_occurrence":
        expect("isForeignKey", table, "visit_occurrence_id",
               (r["visit_occurrence_id"] not in visits for r in data if r["visit_occurrence_id"].strip()))
        expect("withinVisitDates", table, start,
               (not visits[r["visit_occurrence_id"]][0][0] - week <= day(r[start]) <= visits[r["visit_occurrence_id"]][0][1] + week
                for r in data if day(r[start]) and r["visit_occurrence_id"] in visits))
    expect("measurePersonCompleteness", table, "", (not any(r["person_id"] == p for r in data) for p in person))
    expect("standardConceptRecordCompleteness", table, what, (r[what] == "0" for r in data if r[what].strip()))
    domain = {"visit_occurrence": "Visit", "condition_occurrence": "Condition", "drug_exposure": "Drug",
              "measurement": "Measurement", "procedure_occurrence": "Procedure"}.get(table)
    if concept:
        ids = [r[what] for r in data if r[what].strip()]
        expect("isForeignKey", table, what, (i != "0" and i not in concept for i in ids))
        known = [concept[i] for i in ids if i != "0" and i in concept]
        expect("isStandardValidConcept", table, what, (k["standard_concept"] != "S" or k["invalid_reason"] != "" for k in known))
        if domain:
            expect("fkDomain", table, what, (k["domain_id"] != domain for k in known))
    first = {}
    for r in own:
        if day(r[start]):
            first[r["person_id"], day(r[start])] = 1
    days = [d for _, d in first]
    expect("heapingNewYear", table, start, ((d.month, d.day) == (1, 1) for d in days))
    expect("heapingMonth", table, start, (d.day == 1 for d in days if (d.month, d.day) != (1, 1)))
source = {}
for r in tables.get("condition_occurrence", []):
    if r["condition_source_value"].strip():
        v = r["condition_source_value"].strip()
        source[v] = source.get(v, False) or r["condition_concept_id"] not in ("", "0")
if source:
    expect("sourceValueCompleteness", "condition_occurrence", "condition_source_value", (not m for m in source.values()))
if tables.get("measurement"):
    expect("cdmDatatype", "measurement", "value_as_number",
           (number(r["value_as_number"]) is None for r in tables["measurement"] if r["value_as_number"].strip()))
touching = []
for p in person:
    spans = sorted(periods.get(p, []))
    touching.append(any(b[0] <= max(x[1] for x in spans[:i + 1]) + datetime.timedelta(1)
                        for i, b in enumerate(spans[1:])))
expect("measureObservationPeriodOverlap", "observation_period", "", touching)
print(f"{compared} checks compared, {failed} differ")
sys.exit(1 if failed or not compared else 0)

"""The OMOP tables of a folder as a FHIR bulk export, and as OMOP tables that say no more than it.

Usage: fhir_convert.py OMOP_FOLDER NEW_OMOP_FOLDER NEW_FHIR_FOLDER
Observation periods and causes of death are left out: FHIR has none.
"""
import csv
import json
import os
import shutil
import sys

omop, plain, fhir = sys.argv[1:]
os.makedirs(plain)
os.makedirs(fhir)
ICD10, ATC, LOINC = "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc", "http://loinc.org"


def rows(table):
    with open(f"{omop}/{table}.csv", newline="") as f:
        yield from csv.DictReader(f)


def write(name, resources):
    with open(f"{fhir}/{name}.ndjson", "w") as f:
        for resource in resources:
            f.write(json.dumps(resource) + "\n")


def concept(system, code):
    return {"coding": [{"system": system, "code": code}], "text": code}


def subject(row):
    return {"reference": "Patient/" + row["person_id"]}


for table in ("person", "condition_occurrence", "measurement", "drug_exposure"):
    shutil.copy(f"{omop}/{table}.csv", plain)
deaths = {row["person_id"]: row["death_date"] for row in rows("death")}
with open(f"{plain}/death.csv", "w") as f:
    f.write("person_id,death_date\n" + "".join(f"{p},{d}\n" for p, d in deaths.items()))


def patients():
    for row in rows("person"):
        patient = {"resourceType": "Patient", "id": row["person_id"],
                   "gender": {"8507": "male", "8532": "female"}.get(row["gender_concept_id"], "unknown"),
                   "birthDate": "%s-%02d-%02d" % (row["year_of_birth"], int(row["month_of_birth"]), int(row["day_of_birth"]))}
        if row["person_id"] in deaths:
            patient["deceasedDateTime"] = deaths[row["person_id"]] + "T23:59:00-09:00"
        yield patient


def conditions():
    for row in rows("condition_occurrence"):
        yield {"resourceType": "Condition", "id": row["condition_occurrence_id"], "subject": subject(row),
               "code": concept(ICD10, row["condition_source_value"]), "onsetDateTime": row["condition_start_date"]}


def observations():
    for row in rows("measurement"):
        quantity = {"value": float(row["value_as_number"])}
        if row["unit_source_value"]:
            quantity |= {"unit": row["unit_source_value"], "system": "http://unitsofmeasure.org", "code": row["unit_source_value"]}
        yield {"resourceType": "Observation", "id": row["measurement_id"], "status": "final", "subject": subject(row),
               "code": concept(LOINC, row["measurement_source_value"]),
               "effectiveDateTime": row["measurement_date"] + "T00:30:00+05:00", "valueQuantity": quantity}


def requests(medications):
    for row in rows("drug_exposure"):
        code = row["drug_source_value"]
        medications.setdefault(code, "m%d" % len(medications))
        yield {"resourceType": "MedicationRequest", "id": row["drug_exposure_id"], "status": "completed", "intent": "order",
               "subject": subject(row), "authoredOn": row["drug_exposure_start_date"],
               "medicationReference": {"reference": "Medication/" + medications[code]},
               "dispenseRequest": {"expectedSupplyDuration": {"value": int(row["days_supply"]), "code": "d"}}}


known = {}
write("Patient", patients())
write("Condition", conditions())
write("Observation", observations())
write("MedicationRequest", requests(known))
write("Medication", ({"resourceType": "Medication", "id": i, "code": concept(ATC, code)} for code, i in known.items()))

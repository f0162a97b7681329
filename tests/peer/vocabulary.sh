#!/usr/bin/env bash
# descendants_of from the tables of a vocabulary to cases, against a brute-force search of the same tables: every ancestor of what was
# recorded, and the same without what lies below one of its descendants.
set -euo pipefail
ehr=$SALUS_DATA/ehr
[[ -d $ehr/omop_vocab_cut ]] || { echo "no reference data"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/vocabulary"; cd "$SALUS_TMP"
cat "$ehr/omop54_synthea27/CONCEPT.csv" >vocabulary/CONCEPT.csv
cat "$ehr/omop54_synthea27/CONCEPT_RELATIONSHIP_mapsto_isa.csv" >vocabulary/CONCEPT_RELATIONSHIP.csv
cat "$ehr/omop_vocab_cut/concept_ancestor.csv" >vocabulary/concept_ancestor.csv
for ranks in 1 3; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" ingest_health --omop "$ehr/omop54_synthea27" --vocabulary vocabulary --output "ranks$ranks" \
        >run.log 2>&1 || { tail -20 run.log; exit 1; }
done
cmp ranks1/ingest_health/events.h5 ranks3/ingest_health/events.h5
grep -q 'tables that are not read: CONDITION_ERA.csv, DRUG_ERA.csv$' run.log || { echo "tables passed over are not named"; exit 1; }
[[ $(grep -c 'no table of OMOP has such a name: CONCEPT_RELATIONSHIP_mapsto_isa.csv$' run.log) == 1 ]] || { echo "an unknown table is not named once"; exit 1; }
/usr/bin/python3 - "$ehr" <<'EOS'
import csv
import glob
import sys

ehr = sys.argv[1]


def rows(path):
    with open(path, newline="") as f:
        yield from csv.DictReader(f)


below = {}
for r in rows(ehr + "/omop_vocab_cut/concept_ancestor.csv"):
    below.setdefault(r["ancestor_concept_id"], set()).add(r["descendant_concept_id"])
periods = {}
for r in rows(ehr + "/omop54_synthea27/OBSERVATION_PERIOD.csv"):
    periods.setdefault(r["person_id"], []).append((r["observation_period_start_date"], r["observation_period_end_date"]))
persons = {}  # by concept, in observation
for table, concept, date in (("CONDITION_OCCURRENCE", "condition_concept_id", "condition_start_date"),
                             ("DRUG_EXPOSURE", "drug_concept_id", "drug_exposure_start_date"),
                             ("PROCEDURE_OCCURRENCE", "procedure_concept_id", "procedure_date"),
                             ("OBSERVATION", "observation_concept_id", "observation_date"),
                             ("MEASUREMENT", "measurement_concept_id", "measurement_date"),
                             ("DEVICE_EXPOSURE", "device_concept_id", "device_exposure_start_date"),
                             ("VISIT_OCCURRENCE", "visit_concept_id", "visit_start_date"),
                             ("DEATH", "cause_concept_id", "death_date")):
    for r in rows(f"{ehr}/omop54_synthea27/{table}.csv"):
        if any(a <= r[date][:10] <= b for a, b in periods[r["person_id"]]):
            persons.setdefault(r[concept], set()).add(r["person_id"])
cases = {}
with open("traits.toml", "w") as f:
    for ancestor in sorted(below):
        used = {c for c in below[ancestor] if c in persons}
        if len(used) < 2:
            continue
        # What is taken away: the descendant that takes in most, but not all.
        inner = max((c for c in below[ancestor] if c != ancestor and c in below and 0 < len(below[c] & used) < len(used)),
                    key=lambda c: (len(below[c] & used), c), default=None)
        for name, left in ((f"all_{ancestor}", used), (f"part_{ancestor}", used - below[inner] if inner else None)):
            if left is None:
                continue
            cases[name] = len(set().union(*(persons[c] for c in left)))
            f.write(f'[[code_set]]\nname = "set_{name}"\ndescendants_of = ["OMOP:{ancestor}"]\n')
            if left is not used:
                f.write(f'except_descendants_of = ["OMOP:{inner}"]\n')
            f.write(f'\n[[trait]]\nname = "{name}"\ndoc = "Test."\ncodes = ["@set_{name}"]\n\n')
with open("expected.tsv", "w") as f:
    for name, count in cases.items():
        f.write(f"{name}\t{count}\n")
print(len(cases), "definitions")
assert len(cases) > 100 and len(set(cases.values())) > 5
EOS
"$SALUS" describe phenotype traits.toml --events ranks1/ingest_health/events.h5 --threshold 0 >told.txt
awk '/\(case or control\)$/ {name = $1} $NF == "cases" && NF == 3 && name != "" {print name "\t" $1; name = ""}' told.txt >found.tsv
diff expected.tsv found.tsv || { echo "cases differ"; exit 1; }

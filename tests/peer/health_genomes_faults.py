"""Copies a simulated cohort and puts faults in; prints what health_quality must find in both, one check a line.

health_genomes_faults.py CLEAN QUALITY FAULTY
"""
import csv
import gzip
import os
import shutil
import sys

import h5py

clean, quality, faulty = sys.argv[1:4]
shutil.copytree(clean, faulty)
with h5py.File(quality) as f:
    genetic = {s.decode(): int(x) for s, x in zip(f["samples/sample_id"][:], f["samples/sex_genetic"][:])}
with open(clean + "/samples.tsv") as f:
    sheet = {r["sample_id"]: r for r in csv.DictReader(f, delimiter="\t")}
with open(clean + "/omop/person.csv") as f:
    recorded = {r["person_id"]: {"8507": 1, "8532": 2}.get(r["gender_concept_id"], 0) for r in csv.DictReader(f)}
with open(clean + "/links.csv") as f:
    links = {r["sample_id"]: r["person_id"] for r in csv.DictReader(f)}
with open(clean + "/truth/families.tsv") as f:
    twin_pairs = {frozenset((r["sample_id"], r["twin_id"])) for r in csv.DictReader(f, delimiter="\t") if r["twin_id"] != "0"}

# Declared pairs that kinship can speak of: parents and children, full siblings.
parents = {s: (r["father_id"], r["mother_id"]) for s, r in sheet.items() if r["father_id"] != "0"}
pairs = {frozenset((child, p)) for child, couple in parents.items() for p in couple}
siblings = {frozenset((a, b)) for a in parents for b in parents if a < b and parents[a] == parents[b]}
pairs |= siblings - twin_pairs
known = {s for s, p in links.items() if recorded[p] and genetic[s]}
founders = sorted(s for s in sheet if not any(s in p for p in pairs | twin_pairs) and sheet[s]["family_id"] == "0")
twin_samples = sum(len(p) for p in twin_pairs)

# Three men's samples under the names of three women and the other way round.
men, women = ([s for s in founders if s in known and genetic[s] == sex][:3] for sex in (1, 2))
used = set(men + women)
lost = [s for s in founders if s not in used][:5]
used |= set(lost)
with open(faulty + "/links.csv", "w") as f:
    f.write("person_id,sample_id\n")
    swapped = dict(zip(men + women, women + men))
    for sample, person in links.items():
        if sample not in lost:
            f.write(f"{person},{swapped.get(sample, sample)}\n")

# The genomes of a child with brother or sister and of an unrelated person of its sex change their labels; one genome is there twice.
child = min(s for p in siblings - twin_pairs for s in p)
sex = sheet[child]["sex"]
other, twice, copied = [s for s in founders if s not in used and sheet[s]["sex"] == sex][:3]
relations = sum(child in p for p in pairs)
with gzip.open(clean + "/genotypes.vcf.gz", "rt") as source, open(faulty + "/genotypes.vcf", "w") as out:
    for line in source:
        if line.startswith("##"):
            out.write(line)
            continue
        fields = line.rstrip("\n").split("\t")
        if line.startswith("#"):
            at = {s: i for i, s in enumerate(fields)}
        else:
            a, b = at[child], at[other]
            fields[a], fields[b] = fields[b], fields[a]
            fields[at[twice]] = fields[at[copied]]
        out.write("\t".join(fields) + "\n")
for name in ("/genotypes.vcf.gz", "/genotypes.vcf.gz.tbi"):
    os.remove(faulty + name)

# Rows that no store can keep, and notes, which none keeps.
with open(faulty + "/omop/condition_occurrence.csv") as f:
    header, *rows = f.read().splitlines()
start = header.split(",").index("condition_start_date")
with open(faulty + "/omop/condition_occurrence.csv", "a") as f:
    for row in rows[:30]:
        fields = row.split(",")
        fields[start] = ""
        f.write(",".join(fields) + "\n")
with open(faulty + "/omop/note.csv", "w") as f:
    f.write("note_id,person_id,note_date,note_text\n1," + next(iter(recorded)) + ",2020-01-01,text\n")

people, sexes = len(recorded), len(known)
not_known = sum(s in known for s in lost)
for state, counts in (("clean", (0, sexes, 0, len(pairs), twin_samples, 0, 0)),
                      ("faulty", (6, sexes - not_known, 2 * relations, len(pairs) + relations, twin_samples + 2, 5, 30))):
    wrong, looked, bad, compared, same, gone, refused = counts
    total = len(rows) + refused
    for check, table, examined, violated, worst in (
            ("genotypeSex", "person", looked, wrong, "FAIL"), ("genotypeFamily", "", compared, bad, "FAIL"),
            ("genotypeDuplicates", "", people - gone, same, "WARN"), ("linkedPersons", "person", people, gone, "PASS"),
            ("linkedSamples", "", people, gone, "PASS"), ("storeKeepsRows", "condition_occurrence", total, refused, "FAIL")):
        print(state, check, table, examined, violated, worst if violated else "PASS", sep="\t")
print("clean", "storeKeepsRows", "person", people, 0, "PASS", sep="\t")
print("faulty", "storeKeepsRows", "note", 0, 0, "NOT_APPLICABLE", sep="\t")

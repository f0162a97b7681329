#!/usr/bin/env bash
# The library of definitions and those of the demo on the sample cohort: the same bytes on 1 to 4 ranks, matrix, traits and
# attrition agree, describe tells the same with small numbers hidden, and a job with all files passes check.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
samples=$SALUS_SOURCE/data-samples
quiet "$SALUS" ingest_genomes --genotypes "$samples/genotypes.vcf.gz" --sample_sheet "$samples/samples.tsv" --genome_build GRCh38 --output genomes
quiet "$SALUS" ingest_health --omop "$samples/omop" --links "$samples/links.csv" --output health
store=$(find genomes -type d -name genotypes.store) events=$(find health -name events.h5)
flags=()
for file in "$SALUS_SOURCE"/pipelines/phenotypes/*.toml; do
    flags+=(--definitions "$file")
    "$SALUS" describe phenotype "$file" >words.txt
    [[ $(grep -c '^\[\[trait\]\]' "$file") == $(grep -c '^  - Result\|^  - Case:\|^  - Holds:' words.txt) ]] || { echo "$file: not told in full"; exit 1; }
done
for ranks in 1 2 3 4; do
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" phenotypes --genotypes "$store" --events "$events" "${flags[@]}" --output "ranks$ranks"
    cmp "ranks1/phenotypes/phenotypes.h5" "ranks$ranks/phenotypes/phenotypes.h5"
done

# Names of the definitions of one file, and one definition with its persons counted.
demo=$SALUS_SOURCE/pipelines/phenotypes/demo.toml
"$SALUS" describe phenotype "$demo:type_2_diabetes" --events "$events" --threshold 0 >exact.txt
"$SALUS" describe phenotype "$demo:type_2_diabetes" --events "$events" --threshold 40 >hidden.txt
/usr/bin/python3 - ranks1/phenotypes/phenotypes.h5 exact.txt hidden.txt <<'EOS'
import re
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1]) as f:
    names = [n.decode() for n in f["status/traits/name"][:]]
    packed, n = f["status/matrix"][:], len(f["samples/sample_id"])
    status = (packed[:, :, None] >> np.array([0, 2, 4, 6], dtype=np.uint8) & 3).reshape(len(names), -1)[:, :n]
    assert {"type_2_diabetes", "asthma", "chronic_kidney_disease"} <= set(names)
    cases = 0
    for row, name in zip(status, names):
        trait = f["traits"][name][:]
        if name in f["follow_up_end"]:  # binary and time to event: 1 case, 0 control, missing
            assert np.array_equal(np.where(row > 1, np.nan, row.astype(float)), trait, equal_nan=True), name
        assert np.array_equal(~np.isnan(f["case_dates"][name][:]), row == 1), name
        cases += (row == 1).sum()
    assert cases > 20, cases
    table = {k: f["attrition"][k][:] for k in ("trait", "path", "step", "left", "lost")}
    for name in names:
        rows = (table["trait"] == name.encode()) & (table["path"] == b"case")
        assert table["left"][rows][-1] == (status[names.index(name)] == 1).sum(), name
    rows = table["trait"] == b"type_2_diabetes"
    words = [s.decode() for s in table["step"][rows]]

def steps(path):
    lines = open(path).read().splitlines()
    found = [re.match(r" *(\S+) +(\S+)  (.*)", line).groups() for line in lines if re.match(r" +[\d<-]\S* +[\d<-]\S*  \w", line)]
    return found
exact, hidden = steps(sys.argv[2]), steps(sys.argv[3])
assert [s[2] for s in exact] == words == [s[2] for s in hidden]
number = lambda text: int(text.replace(",", ""))
small = 0
for e, h in zip(exact, hidden):
    for a, b in zip(e[:2], h[:2]):
        small += b in ("<40", "-")
        assert b in ("<40", "-") or (number(a) == number(b) and (number(a) == 0 or number(a) >= 40)), (e, h)
        assert b != "<40" or 0 < number(a) < 40
assert small > 0
EOS

cat >job.toml <<EOS
title = "All definitions"
pipeline = "pipeline.toml"
output = "all"
[inputs]
genotypes = "$store"
events = "$events"
definitions = [$(printf '"%s", ' "$SALUS_SOURCE"/pipelines/phenotypes/*.toml)]
EOS
cat >pipeline.toml <<'EOS'
title = "Phenotypes"
[[stage]]
use = "phenotypes"
genotypes = "input.genotypes"
events = "input.events"
definitions = "input.definitions"
EOS
"$SALUS" check job.toml | grep -q "no problems found"

# What is wrong is said, with the exit code for it.
fails() { # exit code, text, arguments...
    local code=$1 words=$2 got=0; shift 2
    "$SALUS" "$@" >out.txt 2>err.txt || got=$?
    [[ $got == "$code" ]] && grep -q "$words" err.txt || { echo "$*: exit $got"; cat err.txt; exit 1; }
}
fails 2 "did you mean type_2_diabetes" describe phenotype "$demo:type_2_diabets"
fails 2 "takes none" describe quality "$demo"
printf '[[trait]]\nname = "a"\nall_of = ["b"]\n[[trait]]\nname = "b"\nall_of = ["a"]\n' >circle.toml
fails 2 "needs itself" describe phenotype circle.toml

# A cohort of OHDSI becomes a definitions file that reads back; what cannot be taken over is named.
cat >cohort.json <<'EOS'
{"ConceptSets": [{"id": 0, "name": "gout", "expression": {"items": [{"concept": {"CONCEPT_ID": 440674}, "includeDescendants": true}]}}],
 "PrimaryCriteria": {"CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0}}], "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
  "PrimaryCriteriaLimit": {"Type": "First"}}, "InclusionRules": [], "CensoringCriteria": []}
EOS
"$SALUS" import cohort cohort.json --name gout >gout.toml
"$SALUS" describe phenotype gout.toml:gout.entry_1 | grep -q "after 365 days of observation"
sed 's/"CensoringCriteria": \[\]/"CensoringCriteria": [{"Death": {}}]/' cohort.json >refused.json
fails 3 "refused.json, CensoringCriteria" import cohort refused.json
fails 2 "cannot be the name" import cohort cohort.json --name "a b"

#!/usr/bin/env bash
# The association job on the sample cohort: the same bytes on 1 to 4 ranks; planted loci are found, each with the planted
# variant or a neighbour in strong linkage disequilibrium in a credible set; its report is well-formed.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
run() { # ranks threads
    OMP_NUM_THREADS=$2 mpirun --oversubscribe -n "$1" "$SALUS" run "$SALUS_SOURCE/jobs/association.toml" --threads "$2" \
        --output "r$1t$2" 2>"r$1t$2.log" || { cat "r$1t$2.log"; exit 1; }
    (cd "r$1t$2" && find association loci report -type f -print0 | sort -z | xargs -0 sha256sum) >"r$1t$2.sha256"
}
run 1 1
[[ $(wc -l <r1t1.sha256) -ge 4 ]] || fail "results are missing"
for layout in '2 1' '3 1' '4 1' '1 2'; do
    run $layout
    diff r1t1.sha256 "r${layout/ /t}.sha256" || fail "results differ on $layout"
done
grep -q '<section id="loci"' r1t1/report/report.html || fail "the report shows no loci"
[[ -x /usr/bin/python3 ]] || exit 0
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/report_page.py" r1t1/report/report.html || [[ $? == 77 ]]
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "planted truths are not checked: python3-h5py is missing"; exit 0; }
/usr/bin/python3 - "$SALUS_SOURCE/data-samples/truth" <<'PYTHON'
import csv, sys
import h5py

with open(f"{sys.argv[1]}/causal_variants.tsv") as file:
    causal = {(row["trait"], row["chromosome"], int(row["position"])) for row in csv.DictReader(file, delimiter="\t")}
with h5py.File("r1t1/loci/loci.h5") as file:
    def column(table, name):
        return [v.decode() if isinstance(v, bytes) else v for v in file[table][name][()]]
    loci = list(zip(column("loci", "trait"), column("loci", "locus"), column("loci", "chromosome"), column("loci", "credible_sets")))
    variants = list(zip(column("variants", "trait"), column("variants", "locus"), column("variants", "base_pair_location"),
                        column("variants", "credible_set")))
    sets = {(t, name, s) for t, name, p, s in variants if s > 0}
    hit = {(t, name, s) for t, name, p, s in variants if s > 0 and (t, name.split(":")[0], int(p)) in causal}
print(f"{len(loci)} loci, {len(sets)} credible sets, {len(hit)} with a planted variant")
assert len(loci) >= 4 and all(count > 0 for t, name, c, count in loci), loci
assert len(hit) >= 0.8 * len(sets), sets - hit
PYTHON

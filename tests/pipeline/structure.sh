#!/usr/bin/env bash
# The structure job on the sample cohort: the same bytes on 1 to 4 ranks and 1 or 2 threads; planted ancestries,
# twins and duplicates are found, by labels and by clusters; panel and cohort may be two stores.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
stages=(quality ld kinship principal_components ancestry report)
run() { # ranks threads
    OMP_NUM_THREADS=$2 mpirun --oversubscribe -n "$1" "$SALUS" run "$SALUS_SOURCE/jobs/structure.toml" --threads "$2" \
        --output "r$1t$2" 2>"r$1t$2.log" || { cat "r$1t$2.log"; exit 1; }
    (cd "r$1t$2" && find "${stages[@]}" -type f -print0 | sort -z | xargs -0 sha256sum) >"r$1t$2.sha256"
}
run 1 1
[[ $(wc -l <r1t1.sha256) -ge 7 ]] || fail "results are missing"
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    run $layout
    name=r${layout/ /t}
    diff r1t1.sha256 "$name.sha256" || fail "results differ on $layout"
    rm -rf "$name"
done

# Without labels the data must decide the number of groups.
"$SALUS" ancestry --components r1t1/principal_components/components.h5 --components_count 3 --output clusters 2>clusters.log
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "planted truths are not checked: python3-h5py is missing"; exit 0; }
/usr/bin/python3 - "$SALUS_SOURCE/data-samples" <<'PYTHON'
import csv, sys
import h5py


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def table(path, name):
    with h5py.File(path) as file:
        return {k: [v.decode() if isinstance(v, bytes) else v for v in d[:]] for k, d in file[name].items() if k in
                ("sample_id", "group", "sample_1", "sample_2", "relation", "used", "unrelated")}


def check(good, what):
    print(("ok      " if good else "FAILED  ") + what)
    if not good:
        sys.exit(1)


planted = {row["sample_id"]: row["group"] for row in rows(f"{sys.argv[1]}/samples.tsv")}
found = table("r1t1/ancestry/ancestry.h5", "samples")
pairs = [(g, planted[s]) for s, g in zip(found["sample_id"], found["group"])]
check(len(pairs) == len(planted) and all(g in (p, "unassigned") for g, p in pairs), "no sample is in a wrong group")
check(sum(g == "unassigned" for g, _ in pairs) <= 10, "at most one in a hundred is unassigned")
clusters = table("clusters/ancestry/ancestry.h5", "samples")
mixed = {(g, planted[s]) for s, g in zip(clusters["sample_id"], clusters["group"]) if g != "unassigned"}
check(len(mixed) == 4 and len({g for g, _ in mixed}) == 4, "clusters without labels are the four planted groups")
components = table("r1t1/principal_components/components.h5", "samples")
kinship = table("r1t1/kinship/kinship.h5", "samples")
check(all(u <= r for u, r in zip(components["used"], kinship["unrelated"])), "components are of unrelated samples")
PYTHON

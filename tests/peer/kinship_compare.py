"""plink KIN0 BED ALL EXACT NONE: compares kinship.h5 with plink2 --make-king-table counts.
truth FOLDER FILE: compares kinship.h5 with the families of a simulated cohort."""
import csv, sys
from collections import Counter, defaultdict
import h5py, numpy as np


def expect(what, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + what, detail)
    if not ok:
        sys.exit(1)


def table(file, name):
    with h5py.File(file) as f:
        group = f[name]
        return {key: d.asstr()[:] if d.dtype.kind in "OS" else d[:] for key, d in group.items() if key != group.attrs["row"]}


def by_pair(columns):
    return {frozenset(p): k for k, p in enumerate(zip(columns["sample_1"], columns["sample_2"]))}


class Bed:
    """Calls of a PLINK 1 .bed, for counts that do not rest on any program."""
    def __init__(self, prefix):
        self.ids = {line.split()[1]: k for k, line in enumerate(open(prefix + ".fam"))}
        chromosome = [line.split()[0].removeprefix("chr") for line in open(prefix + ".bim")]
        rows = np.fromfile(prefix + ".bed", np.uint8)[3:].reshape(len(chromosome), -1)
        self.rows = rows[[c.isdigit() and int(c) <= 22 for c in chromosome]]

    def called(self, sample):
        k = self.ids[sample]
        return (self.rows[:, k // 4] >> (2 * (k % 4)) & 3) != 1


def plink(kin0, prefix, everybody, exact, none):
    with open(kin0) as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    first = "IID1" if "IID1" in rows[0] else "#IID1"
    ours = table(everybody, "pairs")
    at = by_pair(ours)
    expect(f"{kin0}: all pairs", len(rows) == len(at) and len(at) == len(ours["kinship"]), f"{len(at)}")
    order = np.array([at[frozenset((r[first], r["IID2"]))] for r in rows])
    # plink2 2.00a3.5 counts variants twice in NSNP that its scan of rare variants takes and that are missing in both.
    bed, theirs = Bed(prefix), np.array([int(r["NSNP"]) for r in rows])
    off = np.flatnonzero(ours["variants"][order] != theirs)
    right = all(np.sum(bed.called(rows[k][first]) & bed.called(rows[k]["IID2"])) == ours["variants"][order[k]] for k in off[:500])
    expect("variants identical, or plink2 is wrong", right and len(off) < 0.01 * len(rows), f"{len(off)} of {len(rows)} differ")
    for name, column in (("het_het", "HETHET"), ("ibs0", "IBS0")):
        theirs = np.array([int(r[column]) for r in rows])
        expect(f"{name} identical", bool(np.array_equal(ours[name][order].astype(int), theirs)))
    theirs = np.array([float(r["KINSHIP"]) for r in rows])
    difference = np.abs(ours["kinship"][order] - theirs)
    # Six significant digits are printed.
    expect("kinship", bool(np.all(difference <= 5.1e-6 * np.maximum(np.abs(theirs), 0.1))), f"largest difference {difference.max():.2g}")
    wanted = {pair for pair, k in at.items() if ours["kinship"][k] >= 0.0442}
    for name, file in (("exact", exact), ("none", none)):
        found = by_pair(table(file, "pairs"))
        expect(f"screen {name} finds the {len(wanted)} pairs above the cut-off and no other", set(found) == wanted)


def truth(folder, file):
    def rows(name):
        with open(f"{folder}/{name}.tsv") as f:
            return list(csv.DictReader(f, delimiter="\t"))
    families, faults = rows("families"), rows("sample_faults")
    planted, children = {}, defaultdict(list)
    for row in families:
        for parent in ("father_id", "mother_id"):
            if row[parent] != "0":
                planted[frozenset((row["sample_id"], row[parent]))] = "parent_child"
        if row["father_id"] != "0":
            children[row["father_id"], row["mother_id"]].append(row["sample_id"])
    for brood in children.values():
        for k, child in enumerate(brood):
            planted.update({frozenset((child, other)): "full_siblings" for other in brood[:k]})
    for row in families:
        if row["twin_id"] != "0":
            planted[frozenset((row["sample_id"], row["twin_id"]))] = "duplicate_or_twin"
    for row in faults:
        if row["fault"] == "duplicate":
            planted[frozenset((row["sample_id"], row["other_sample_id"]))] = "duplicate_or_twin"
    pairs = table(file, "pairs")
    at = by_pair(pairs)
    missed = [relation for pair, relation in planted.items() if pair not in at]
    expect(f"all {len(planted)} planted pairs are found", not missed, f"missed: {Counter(missed)}")
    said = Counter((relation, pairs["relation"][at[pair]]) for pair, relation in planted.items())
    for relation in ("parent_child", "duplicate_or_twin"):
        right, all_of = said[relation, relation], sum(n for (planted_as, _), n in said.items() if planted_as == relation)
        expect(f"{relation}: {right} of {all_of} are called so", right == all_of)
    # Full siblings vary about 1/4: over 550 Mb with a standard deviation of about 0.06.
    right, all_of = said["full_siblings", "full_siblings"], sum(n for (p, _), n in said.items() if p == "full_siblings")
    expect(f"full_siblings: {right} of {all_of} are called so", right >= 0.8 * all_of, str(said))
    mixed = {row["sample_id"] for row in faults if row["fault"] == "contaminated"}  # with the DNA of others
    closest = max((pairs["kinship"][k] for pair, k in at.items() if pair not in planted and not pair & mixed), default=0)
    expect("nobody else is of first degree", closest < 0.177, f"next kinship {closest:.3f}")
    samples = table(file, "samples")
    kept = set(samples["sample_id"][samples["unrelated"] == 1])
    expect("no planted pair is left in the unrelated set", not any(len(pair & kept) == 2 for pair in planted), f"{len(kept)} samples")
    checks = table(file, "pedigree_checks")
    stated = Counter(zip(checks["declared"], checks["agrees"]))
    expect("declared parents agree", stated["parent_child", 0] == 0, str(dict(stated)))
    undeclared = {frozenset(p) for *p, d in zip(checks["sample_1"], checks["sample_2"], checks["declared"]) if d == "none"}
    undeclared = {pair for pair in undeclared if not pair & mixed}
    copies = {frozenset((row["sample_id"], row["other_sample_id"])) for row in faults if row["fault"] == "duplicate"}
    expect("undeclared pairs are the planted duplicates", undeclared == copies, f"{len(copies)}")


{"plink": plink, "truth": truth}[sys.argv[1]](*sys.argv[2:])

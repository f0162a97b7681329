"""Compares results of tests/peer/quality_cohort.sh, in the current folder, with those of others: DATA."""
import gzip, os, sys
import h5py, numpy as np
from scipy import stats

data = sys.argv[1]


def lines(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as f:
        rows = [line.split() for line in f if line.strip()]
    return {name.lstrip("#"): [row[k] for row in rows[1:]] for k, name in enumerate(rows[0])}


def numbers(column):
    return np.array([np.nan if x.lower() in ("na", "nan") else float(x) for x in column])


def read(folder):
    with h5py.File(f"{folder}/quality/quality.h5") as f:
        return {name: {c: d.asstr()[:] if d.dtype.kind in "OS" else d[:] for c, d in group.items() if d.dtype.kind in "OSuif"}
                for name, group in f.items() if name != "provenance"}


def expect(what, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + what, detail)
    if not ok:
        sys.exit(1)


def close(what, ours, theirs, absolute, relative=0.0):
    both = np.isnan(ours) & np.isnan(theirs)
    difference = np.where(both, 0, np.abs(ours - theirs))
    expect(what, bool(np.all(difference <= absolute + relative * np.abs(np.nan_to_num(theirs)))),
           f"{len(ours)} values, largest difference {np.nanmax(difference):.3g}")


# ---- Mendel errors
folder = f"{data}/hapmap279_snprelate/expected_plink_mendel"
trios = read("trios")
theirs = numbers(lines(f"{folder}.lmendel.gz")["N"])
expect("Mendel errors of every variant are those of plink", bool(np.array_equal(trios["variant_tests"]["mendel_errors"], theirs)),
       f"{int(theirs.sum())} errors")
families = lines(f"{folder}.fmendel.gz")
pairs = {(p, m): float(n) for p, m, n in zip(families["PAT"], families["MAT"], families["N"])}
t = trios["sample_trios"]
expect("Mendel errors of every trio are those of plink",
       all(pairs[(p, m)] == n for p, m, n in zip(t["father"], t["mother"], t["mendel_errors"])) and len(pairs) == len(t["child"]), f"{len(pairs)} trios")
errors = read("pedigrees_q")["sample_trios"]["mendel_errors"]
with open(f"{data}/snpstats_families_tdt/expected_misinherits_by_sample.tsv") as f:
    expected = sorted(int(line.split()[1]) for line in list(f)[1:])
expect("misinheritances are those of snpStats", sorted(errors[errors > 0]) == expected, f"{sum(expected)} in {len(expected)} children")

# ---- groups, batches, controls
cohort, split = read("cohort"), read("groups")
chromosome = cohort["variants"]["chromosome"]
autosomal = ~np.isin(chromosome, ["X", "23"])


def part(table, name, label):
    rows = table[name] == label
    return {column: values[rows] for column, values in table.items()}


def against_plink(what, part, name):
    close(f"{what}: alt_frequency", part["alt_frequency"], numbers(lines(f"{name}.afreq")["ALT_FREQS"]), 1e-6)
    counts = lines(f"{name}.gcount")
    missing = numbers(counts["MISSING_CT"])
    people = sum(1 for _ in open(f"{name}.keep"))
    close(f"{what}: call_rate", part["call_rate"], 1 - missing / people, 1e-12)


for label in ("north", "south"):
    ours = part(split["variant_groups"], "group", label)
    against_plink(label, ours, label)
    close(f"{label}: hwe", 10 ** -ours["hwe_neg_log10_p"][autosomal], numbers(lines(f"{label}.hardy")["P"]), 1e-300, 6e-6)
    close(f"{label}: hwe mid-p", 10 ** -ours["hwe_midp_neg_log10_p"][autosomal], numbers(lines(f"{label}.midp.hardy")["MIDP"]), 1e-300, 6e-6)
for label in ("plate1", "plate2", "plate3"):
    against_plink(label, part(cohort["variant_batches"], "batch", label), label)
tests = cohort["variant_tests"]
close("controls: hwe", 10 ** -tests["hwe_controls_neg_log10_p"][autosomal], numbers(lines("control.hardy")["P"]), 1e-300, 6e-6)

largest = np.fmax.reduce([part(split["variant_groups"], "group", g)["hwe_midp_neg_log10_p"] for g in ("north", "south")])
marked = np.array(["hardy_weinberg" in reason for reason in split["variants"]["fail_reason"]])
wrong = marked != (np.nan_to_num(largest) > 4)  # on X fewer than hwe_group_min women may be left
expect("hwe_within = groups marks by the worst group", not wrong[autosomal].any(), f"{marked.sum()} marked")


# ---- tests between batches and between cases and controls
def called_and_missing(name):
    counts = lines(f"{name}.gcount")
    called = sum(numbers(counts[c]) for c in ("HOM_REF_CT", "HET_REF_ALT_CTS", "TWO_ALT_GENO_CTS", "HAP_REF_CT", "HAP_ALT_CTS"))
    return np.stack([called, numbers(counts["MISSING_CT"])], 1)


def alleles(name):
    counts = {k: numbers(v) for k, v in lines(f"{name}.gcount").items() if k.endswith(("CT", "CTS"))}
    alt = counts["HET_REF_ALT_CTS"] + 2 * counts["TWO_ALT_GENO_CTS"] + counts["HAP_ALT_CTS"]
    ref = counts["HET_REF_ALT_CTS"] + 2 * counts["HOM_REF_CT"] + counts["HAP_REF_CT"]
    return np.stack([alt, ref], 1)


def fisher(a, b):
    return stats.fisher_exact([a, b])[1]


def same_shares(rows):
    rows = rows[rows.sum(1) > 0]
    if len(rows) < 2:
        return np.nan
    total = rows.sum(0)
    if total.min() == 0:
        return 1.0
    if rows.sum(1).min() * total.min() >= 5 * total.sum():  # every expected count, exactly
        return stats.chi2_contingency(rows, correction=False)[1]
    best = min(fisher(row, total - row) for row in rows)
    return best if len(rows) == 2 else min(1.0, best * len(rows))


plates = ("plate1", "plate2", "plate3")
for column, table in (("batch_missing_neg_log10_p", called_and_missing), ("batch_frequency_neg_log10_p", alleles)):
    counts = np.stack([table(p) for p in plates], 1)  # [variant][batch][2]
    theirs = np.array([same_shares(rows) for rows in counts])
    close(column, 10 ** -tests[column][autosomal], theirs[autosomal], 0, 1e-6)
cases, controls = called_and_missing("case"), called_and_missing("control")
theirs = np.array([fisher(a, b) for a, b in zip(cases, controls)])
close("case_missing_neg_log10_p", 10 ** -tests["case_missing_neg_log10_p"], theirs, 0, 1e-6)
if os.path.exists("missing.missing"):
    plink = lines("missing.missing")
    p = dict(zip(zip(plink["CHR"], plink["SNP"]), numbers(plink["P"])))
    seen, pairs = {}, []
    for c, name, value in zip(chromosome, cohort["variants"]["variant_id"], 10 ** -tests["case_missing_neg_log10_p"]):
        key = ("23" if c == "X" else c, name)
        seen[key] = seen.get(key, 0) + 1
        if key in p:
            pairs.append((key, value))
    pairs = [(value, p[key]) for key, value in pairs if seen[key] == 1]
    ours, theirs = map(np.array, zip(*pairs))
    close("case missingness of plink 1.9 --test-missing", ours, theirs, 0, 6e-4)

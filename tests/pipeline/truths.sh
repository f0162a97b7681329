#!/usr/bin/env bash
# The demo recovers what was planted in data-samples: faulty samples and variants, causal loci, effects, scores.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || exit 77
/usr/bin/python3 - "$SALUS_SOURCE/data-samples/truth" "$SALUS_DEMO" <<'PYTHON'
import csv, sys
import h5py, numpy as np

truth, demo = sys.argv[1:]
failures = []


def check(good, what):
    print(("ok      " if good else "FAILED  ") + what)
    if not good:
        failures.append(what)


def rows(name):
    with open(f"{truth}/{name}.tsv") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def words(column):
    return [value.decode() for value in column[:]]


with h5py.File(f"{demo}/quality/quality.h5") as file:
    samples, variants = file["samples"], file["variants"]
    failed = {s: r for s, r, p in zip(words(samples["sample_id"]), words(samples["fail_reason"]), samples["pass"][:]) if not p}
    bad_sites = {(c, p): r for c, p, r, ok in zip(words(variants["chromosome"]), variants["base_pair_location"][:],
                                                  words(variants["fail_reason"]), variants["pass"][:]) if not ok}
faults = rows("sample_faults")
families = rows("families")
twins = {row["sample_id"] for row in families if row["twin_id"] != "0"} | {row["twin_id"] for row in families}
planted = {row["sample_id"] for row in faults} | {row["other_sample_id"] for row in faults if row["fault"] == "duplicate"}
# One of two equal genomes is marked, whichever it is.
missed = [row["fault"] for row in faults if row["sample_id"] not in failed
          and not (row["fault"] == "duplicate" and row["other_sample_id"] in failed)]
check(not missed, f"all {len(faults)} faulty samples are marked (missed: {missed})")
others = set(failed) - planted - twins
check(not others, f"nobody else is, but identical twins ({len(others)} others)")
for fault in ("low_call_rate", "hardy_weinberg"):
    sites = [row for row in rows("variant_faults") if row["fault"] == fault]
    found = sum((row["chromosome"], int(row["position"])) in bad_sites for row in sites)
    check(found >= 0.9 * len(sites), f"{found} of {len(sites)} variants with {fault} are marked")

causal = rows("causal_variants")
with h5py.File(f"{demo}/association/association.h5") as file:
    chromosome = np.array(words(file["variants/chromosome"]))
    position = file["variants/base_pair_location"][:].astype(int)
    summary = file["trait_summary"]
    for name, inflation in zip(words(summary["name"]), summary["lambda_gc"][:]):
        # Above 1 because a fifth of the short simulated genome lies in linkage with causal variants.
        check(0.9 < inflation < 1.3, f"{name}: lambda {inflation:.3f}")
    for trait in ("ldl_cholesterol", "body_height", "type_2_diabetes"):
        strength = file[f"traits/{trait}/neg_log10_p"][:]
        top = int(np.nanargmax(strength))
        near = any(row["trait"] == trait and row["locus"] == "named" and row["chromosome"] == chromosome[top]
                   and abs(int(row["position"]) - position[top]) < 250_000 for row in causal)
        check(near and strength[top] > 7.3, f"{trait}: top signal at {chromosome[top]}:{position[top]} "
                                            f"(-log10 p {strength[top]:.1f}) is a planted locus")
    strong = max((row for row in causal if row["trait"] == "ldl_cholesterol"), key=lambda row: float(row["variance_explained"]))
    at = int(np.flatnonzero((chromosome == strong["chromosome"]) & (position == int(strong["position"])))[0])
    with h5py.File(f"{demo}/phenotypes/phenotypes.h5") as phenotypes:
        spread = np.nanstd(phenotypes["traits/ldl_cholesterol"][:])
    beta = file["traits/ldl_cholesterol/beta"][at] / spread
    error = file["traits/ldl_cholesterol/standard_error"][at] / spread
    # Four standard errors, and the measurement noise that widens the trait beyond its true standard deviation.
    check(abs(beta - float(strong["beta"])) < 4 * error + 0.1 * abs(float(strong["beta"])),
          f"LDL effect {beta:.3f} +- {error:.3f} SD is the planted {float(strong['beta']):.3f}")

with h5py.File(f"{demo}/risk/risk.h5") as file:
    table = file["validation"]
    keys = list(zip(words(table["trait"]), words(table["group"]), words(table["metric"]), words(table["model"])))
    low = [table["lower"][i] for i, key in enumerate(keys) if key[0] == "ldl_cholesterol" and key[1] == "all"
           and key[2] == "r2" and key[3] == "score"]
    check(len(low) == 1 and low[0] > 0, f"LDL score explains variance in people it was not made from (lower limit {low})")
sys.exit(bool(failures))
PYTHON

"""Tables for, and comparisons of, risk.h5 with plink2 and plain numpy."""
import csv, sys
import h5py, numpy as np
from scipy.stats import rankdata


def rows(path):
    with open(path) as f:
        lines = [line.split() for line in f if line.strip()]
    return [dict(zip((name.lstrip("#") for name in lines[0]), line)) for line in lines[1:]]


def read(group):
    return {name: d.asstr()[:] if d.dtype.kind in "OS" else d[:] for name, d in group.items() if d.dtype.kind in "OSuif" and d.ndim == 1}


def close(what, ours, theirs, absolute, relative=0.0):
    difference = np.abs(np.asarray(ours) - np.asarray(theirs))
    ok = bool(np.all(difference <= absolute + relative * np.abs(theirs)))
    print(("ok      " if ok else "FAILED  ") + what, f"largest difference {np.max(difference):.3g} of {np.max(np.abs(theirs)):.3g}")
    if not ok:
        sys.exit(1)


def join(pheno, covar, samples, table, sheet):
    covariates = {row["IID"]: row for row in rows(covar)}
    with open(table, "w", newline="") as f:
        out = None
        for row in rows(pheno):
            merged = {"sample_id": row["IID"]}
            for source in (row, covariates[row["IID"]]):
                merged.update({k: "NA" if v in ("-9", "nan") else v for k, v in source.items() if k not in ("FID", "IID")})
            out = out or csv.DictWriter(f, merged.keys(), lineterminator="\n")
            if f.tell() == 0:
                out.writeheader()
            out.writerow(merged)
    with open(sheet, "w") as f:
        f.write("sample_id\tsex\tgroup\n")
        for row in rows(samples):
            f.write(f"{row['IID']}\t{row['Gender']}\t{row['Population']}\n")


def export(risk, discovery):
    with h5py.File(risk) as f:
        scores = read(f["scores/q1"])
        with open(discovery, "w") as out:
            out.writelines(f"{i} {i}\n" for i, half, used in zip(scores["sample_id"], scores["half"], scores["used"]) if half == 0 and used == 1)
        for trait in ("q1", "bt"):
            weights = read(f["weights/" + trait])
            with open(trait + ".weights", "w") as out:
                out.write("ID A1 WEIGHT\n")
                out.writelines(f"{i} {a} {w!r}\n" for i, a, w in zip(weights["variant_id"], weights["effect_allele"], weights["weight"]))


def compare(risk, table, scan):
    effects = {row["ID"]: row for row in rows(scan)}
    with open(table) as f:
        phenotypes = {row["sample_id"]: row for row in csv.DictReader(f)}
    with h5py.File(risk) as f:
        weights = read(f["weights/q1"])
        found = [effects[i] for i in weights["variant_id"]]
        p = "LOG10_P" if "LOG10_P" in found[0] else "NEG_LOG10_P"
        # omit-ref: the tested allele is ALT, which is the effect allele.
        close("q1: beta of --glm", weights["weight"], [float(e["BETA"]) for e in found], 0, 1e-5)
        close("q1: -log10 p of --glm", weights["neg_log10_p"], [abs(float(e[p])) for e in found], 1e-4, 1e-5)
        validation = read(f["validation"])
        for trait in ("q1", "bt"):
            scores = read(f["scores/" + trait])
            sums = {row["IID"]: float(row["WEIGHT_SUM"]) for row in rows(trait + ".sscore")}
            theirs = np.array([sums[i] for i in scores["sample_id"]])
            close(f"{trait}: scores of --score", scores["score"], theirs, 1e-5 * np.max(np.abs(theirs)))
            y = np.array([float(phenotypes[i][trait].replace("NA", "nan")) for i in scores["sample_id"]])
            who = (scores["half"] == 1) & (scores["used"] == 1)
            pick = lambda metric, model: validation["estimate"][(validation["trait"] == trait) & (validation["group"] == "all") &
                                                                (validation["metric"] == metric) & (validation["model"] == model)]
            for model, x in (("score", scores["score"][who]), ("both", scores["predicted"][who])):
                if trait == "q1":
                    r = np.corrcoef(x, y[who])[0, 1]
                    close(f"q1: r2 of {model}", pick("r2", model), [max(0, r) ** 2], 1e-12)
                else:
                    cases, ranks = y[who] == 1, rankdata(x)
                    n1, n0 = cases.sum(), (~cases).sum()
                    close(f"bt: AUC of {model}", pick("auc", model), [(ranks[cases].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)], 1e-12)


{"join": join, "export": export, "compare": compare}[sys.argv[1]](*sys.argv[2:])

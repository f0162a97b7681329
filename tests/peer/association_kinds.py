#!/usr/bin/env python3
"""Association of ordinal traits, genotypic coding and strata against R (association_kinds.sh, association_kinds.R).
table PHENO COVAR OUT: trait table with an ordinal trait, and a stratum.
choose BED TABLE PREFIX: complete samples and mean-imputed genotypes of some variants.
compare PREFIX R-OUTPUT RESULT.h5 TRAIT TOLERANCE [columns]: columns of the result against those of R."""
import csv, math, sys


def rows_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f, delimiter="," if path.endswith(".csv") else "\t"))


def table(pheno, covar, out):
    covariates = {r["IID"]: r for r in rows_of(covar)}
    names = ["sex01", "age", "PC1", "PC2", "PC3", "PC4", "PC5"]
    with open(out, "w") as f:
        f.write(",".join(["sample_id", "q1", "bt", "grade", "event", "time", "centre"] + names) + "\n")
        for i, r in enumerate(rows_of(pheno)):
            c = covariates.get(r["IID"])
            if c is None:
                continue
            # All traits are missing together, so that all are tested in the same people.
            missing = r["q1"] in ("NA", "") or r["bt"] in ("NA", "")
            q, bt = ("", "") if missing else (r["q1"], r["bt"])
            # Uneven levels, any increasing numbers.
            grade = "" if missing else str(sum(float(q) > cut for cut in (9.4, 10.3, 11.2)) ** 2 - 1)
            event, time = ("", "") if missing else (str(int(i % 3 == 0)), str(1 + round(abs(float(q)) * 7) % 40))
            centre = str(1 + (i * i + i // 7) % 4)
            f.write(",".join([r["IID"], q, bt, grade, event, time, centre] + [c[n] for n in names]) + "\n")


def choose(bed, table_path, prefix):
    import numpy as np
    ids = [line.split()[1] for line in open(bed + ".fam")]
    count = sum(1 for _ in open(bed + ".bim"))
    rows = {r["sample_id"]: r for r in rows_of(table_path)}
    names = list(next(iter(rows.values())))
    members = [i for i, s in enumerate(ids) if s in rows and all(rows[s][n] not in ("", "NA") for n in names)]
    stride = (len(ids) + 3) // 4
    raw = np.fromfile(bed + ".bed", dtype=np.uint8)[3:].reshape(count, stride)
    code = np.stack([(raw >> s) & 3 for s in (0, 2, 4, 6)], axis=2).reshape(count, -1)[:, members]
    copies = np.array([2.0, math.nan, 1.0, 0.0])[code]
    counts = np.stack([(copies == k).sum(axis=1) for k in (0, 1, 2)])
    usable = np.flatnonzero(counts.min(axis=0) >= 8)
    chosen = usable[:: max(1, len(usable) // 120)]
    np.savetxt(prefix + ".genotypes.csv", copies[chosen], delimiter=",", fmt="%.17g")
    np.savetxt(prefix + ".index", chosen, fmt="%d")
    with open(prefix + ".samples.csv", "w") as f:
        f.write(",".join(names) + "\n")
        for i in members:
            f.write(",".join(rows[ids[i]][n] for n in names) + "\n")


def compare(prefix, r_output, result, trait, tolerance, *columns):
    import h5py, numpy as np
    index = np.loadtxt(prefix + ".index", dtype=int)
    with open(r_output) as f:
        names = f.readline().split()
        want = dict(zip(names, np.loadtxt(f, ndmin=2).T))
    bad, limit = 0, float(tolerance)
    with h5py.File(result) as f:
        t = f["traits/" + trait]
        status = t["status"][:][index]
        tested = status == 0
        print(trait, "tested", tested.sum(), "of", len(index), "status", np.unique(status))
        if tested.sum() < 0.8 * len(index):
            sys.exit("too few tests")
        for name in columns or names:
            got, expected = t[name][:][index][tested], want[name][tested]
            # A beta near 0 has the accuracy of its standard error.
            error_name = name.replace("beta", "standard_error")
            floor = 0.1 * want[error_name][tested] if name.startswith("beta") and error_name in want else 1e-2
            error = np.max(np.abs(got - expected) / np.maximum(np.abs(expected), floor))
            print(f"  {name}: {error:.2g}")
            bad += not error <= limit
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    {"table": table, "choose": choose, "compare": compare}[sys.argv[1]](*sys.argv[2:])

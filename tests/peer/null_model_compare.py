"""Compares null_model.h5 with regenie's .loco files."""
import sys

import h5py
import numpy as np


def table(names, *paths):
    """Joins whitespace tables with FID IID by IID into a CSV with sample_id first."""
    columns, ids = [], None
    for path in paths:
        rows = [line.split() for line in open(path)]
        head, body = rows[0][2:], {r[1]: r[2:] for r in rows[1:]}
        ids = ids or [r[1] for r in rows[1:]]
        columns.append((head, body))
    with open(names, "w") as out:
        out.write(",".join(["sample_id"] + [h for head, _ in columns for h in head]) + "\n")
        for i in ids:
            cells = [c for _, body in columns for c in body[i]]
            out.write(",".join([i] + ["" if c == "NA" else c for c in cells]) + "\n")


def read_loco(path):
    rows = [line.split() for line in open(path)]
    ids = [name.rsplit("_", 1)[1] for name in rows[0][1:]]
    return ids, {r[0]: np.array(r[1:], float) for r in rows[1:]}


def ours(path, trait):
    with h5py.File(path) as f:
        ids = [s.decode() for s in f["samples/sample_id"][:]]
        chromosomes = [s.decode() for s in f["chromosomes/chromosome"][:]]
        return ids, dict(zip(chromosomes, f["loco/" + trait][:]))


def correlate(path, trait, loco, least, chromosomes):
    ids, mine = ours(path, trait)
    names, theirs = read_loco(loco)
    order = {name: k for k, name in enumerate(names)}
    pick = [order[i] for i in ids]
    for chromosome in chromosomes:
        a, b = mine.get(chromosome, mine["other"]), theirs[chromosome][pick]
        keep = np.isfinite(a) & np.isfinite(b)
        if np.std(b[keep]) < 1e-9:
            assert np.std(a[keep]) < 1e-9, (trait, chromosome)
            continue
        r = np.corrcoef(a[keep], b[keep])[0, 1]
        slope = np.polyfit(b[keep], a[keep], 1)[0]
        print(f"{trait} chromosome {chromosome}: correlation {r:.6f}, slope {slope:.4f}, {keep.sum()} samples")
        assert r >= least, (trait, chromosome, r)


def likelihood(path, trait, printed):
    """Minus the cross-validated log-likelihood per sample of the chosen penalty."""
    with h5py.File(path) as f:
        row = [name.decode() for name in f["traits/name"][:]].index(trait)
        found = -f["traits/log_likelihood"][row] / f["traits/n"][row]
    print(f"{trait} log-likelihood: {found:.7f} against {printed}")
    assert abs(found - printed) < 3e-6, (found, printed)


def written(path, trait, loco):
    ids, mine = ours(path, trait)
    names, theirs = read_loco(loco)
    assert names == ids
    with h5py.File(path) as f:
        names = [s.decode() for s in f["traits/name"][:]]
        sd = f["traits/residual_sd"][names.index(trait)]
    for chromosome in map(str, range(1, 24)):
        assert np.allclose(theirs[chromosome] * sd, mine.get(chromosome, mine["other"]), rtol=1e-12, atol=0)


if __name__ == "__main__":
    command, *args = sys.argv[1:]
    if command == "table":
        table(*args)
    elif command == "correlate":
        correlate(args[0], args[1], args[2], float(args[3]), args[4:])
    elif command == "likelihood":
        likelihood(args[0], args[1], float(args[2]))
    elif command == "written":
        written(*args)

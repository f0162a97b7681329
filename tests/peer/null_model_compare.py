"""Compares null_model.h5 with regenie's .loco files, and with a plain dense computation in numpy."""
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


def read_bed(prefix):
    samples = sum(1 for _ in open(prefix + ".fam"))
    bim = [line.split() for line in open(prefix + ".bim")]
    raw = np.fromfile(prefix + ".bed", np.uint8)[3:].reshape(len(bim), -1)
    calls = np.stack([raw >> 2 * k & 3 for k in range(4)], 2).reshape(len(bim), -1)[:, :samples]
    copies = np.array([2, np.nan, 1, 0])[calls]  # of the first allele
    return [b[0] for b in bim], 2 - copies


if __name__ == "__main__":
    command, *args = sys.argv[1:]
    if command == "table":
        table(*args)
    elif command == "correlate":
        correlate(args[0], args[1], args[2], float(args[3]), args[4:])

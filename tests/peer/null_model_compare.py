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


def times(table_path, copies_path, genotypes, covariates):
    """Exponential times with effects of every 50th variant and of V1, ended at 3 years, rounded to days so that some tie."""
    rows = [line.split() for line in open(covariates)]
    values = {r[1]: r[2:] for r in rows[1:]}
    ids = [line.split()[1] for line in open(genotypes + ".fam")]
    raw = np.fromfile(genotypes + ".bed", np.uint8)[3:].reshape(sum(1 for _ in open(genotypes + ".bim")), -1)
    codes = np.stack([raw >> 2 * k & 3 for k in range(4)], -1).reshape(len(raw), -1)[:, :len(ids)]
    assert not (codes == 1).any()
    copies = np.array([2, 9, 1, 0])[codes]
    np.savetxt(copies_path, copies.T, fmt="%d", delimiter=",")
    standard = (copies - copies.mean(1, keepdims=True)) / copies.std(1, keepdims=True)
    v1 = np.array([float(values[i][0]) for i in ids])
    eta = 0.25 * standard[::50].sum(0) + 0.3 * v1
    years = np.random.default_rng(8).exponential(2 * np.exp(-eta))
    with open(table_path, "w") as out:
        out.write(",".join(["sample_id", "event", "years"] + rows[0][2:]) + "\n")
        for i, t in zip(ids, years):
            out.write(",".join([i, str(int(t < 3)), f"{max(1, round(min(t, 3) * 365.25)) / 365.25:.6f}"] + values[i]) + "\n")


def survival(path, trait, expected):
    rows = np.loadtxt(expected, delimiter=",")
    mine = ours(path, trait)[1]["other"]
    with h5py.File(path) as f:
        row = [name.decode() for name in f["traits/name"][:]].index(trait)
        chosen, score = f["traits/heritability"][row], f["traits/log_likelihood"][row]
        gain = score - f["traits/log_likelihood_covariates"][row]
    worst = np.abs(mine - rows[:, 0]).max() / rows[:, 0].std()
    print(f"{trait}: worst difference {worst:.1e} standard deviations, likelihood {score:.6f} against {rows[0, 2]:.6f}, gain {gain:.2f}")
    assert chosen == rows[0, 1] and gain > 1
    # Steps end at 3e-5 standard errors, and predictors have single precision.
    assert worst < 1e-4 and abs(score - rows[0, 2]) < 1e-4


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
    elif command == "times":
        times(*args)
    elif command == "survival":
        survival(*args)
    elif command == "written":
        written(*args)

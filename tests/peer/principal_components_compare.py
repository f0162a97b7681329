"""Compares components.h5 with plink2 and numpy.

exact FILE BED EIGENVAL EIGENVEC | projection FILE BED FILE_OTHERS BED_OTHERS
"""
import gzip, sys
import h5py, numpy as np


def expect(what, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + what, detail)
    if not ok:
        sys.exit(1)


def calls(prefix):
    """Genotypes [variant][sample], A1 copies, NaN = missing, of a PLINK 1 fileset; and the .bim lines."""
    bim = [line.split() for line in open(prefix + ".bim")]
    samples = sum(1 for _ in open(prefix + ".fam"))
    raw = np.fromfile(prefix + ".bed", np.uint8)[3:].reshape(len(bim), -1)
    codes = ((raw[:, :, None] >> np.array([0, 2, 4, 6], np.uint8)) & 3).reshape(len(bim), -1)[:, :samples]
    return np.array([2.0, np.nan, 1.0, 0.0])[codes], bim


def standardised(g, f):
    z = (g - 2 * f[:, None]) / np.sqrt(2 * f * (1 - f))[:, None]
    return np.nan_to_num(z)


def chosen(g, bim):
    f = np.nanmean(g, axis=1) / 2
    autosomal = np.array([line[0].isdigit() and 1 <= int(line[0]) <= 22 for line in bim])
    return autosomal & (np.minimum(f, 1 - f) >= 0.01), f


def coordinates(file):
    return np.column_stack([file[f"samples/pc{k + 1}"][:] for k in range(len(file["eigenvalues/eigenvalue"]))])


def separated(values):
    """Components whose eigenvalue is more than 5 % away from its neighbours."""
    v = np.asarray(values)
    gap = np.minimum(np.append(np.inf, v[:-1] - v[1:]), np.append(v[:-1] - v[1:], 0))
    return [k for k in range(len(v)) if gap[k] > 0.05 * v[k]]


def exact(path, bed, eigenval, eigenvec):
    with h5py.File(path) as file:
        values, x = file["eigenvalues/eigenvalue"][:], coordinates(file)
        share, used = file["eigenvalues/variance_share"][:], int(file.attrs["variants_used"])
    theirs = np.array([float(line) for line in open(eigenval)])
    expect("eigenvalues of plink2 to 1e-4", bool(np.all(np.abs(values / theirs - 1) < 1e-4)), f"{np.abs(values / theirs - 1).max():.2g}")
    opener = gzip.open if eigenvec.endswith(".gz") else open
    with opener(eigenvec, "rt") as f:
        lines = [line.split() for line in f]
    first = next(k for k, name in enumerate(lines[0]) if name == "PC1")
    vectors = np.array([[float(v) for v in line[first:]] for line in lines[1:]])
    for k in separated(values):
        r = abs(np.corrcoef(vectors[:, k], x[:, k])[0, 1])
        expect(f"component {k + 1} of plink2: |r| > 0.9999", r > 0.9999, f"{r:.8f}")
    g, bim = calls(bed)
    keep, f = chosen(g, bim)
    expect("number of variants", keep.sum() == used, f"{used}")
    z = standardised(g[keep], f[keep])
    dense, basis = np.linalg.eigh(z.T @ z / used)
    dense, basis = dense[::-1], basis[:, ::-1]
    # The issue asks for 1e-3 and 0.5 degrees; convergence to 1e-4 gives far less.
    expect("eigenvalues of numpy to 1e-4", bool(np.all(np.abs(values / dense[:len(values)] - 1) < 1e-4)))
    expect("variance shares", bool(np.allclose(share, dense[:len(values)] / dense.sum(), rtol=1e-4)))
    count = max(k + 1 for k in separated(values))
    angle = np.degrees(np.arccos(min(1, np.linalg.svd(basis[:, :count].T @ np.linalg.qr(x[:, :count])[0])[1].min())))
    expect(f"largest angle of the first {count} components below 0.5 degrees", angle < 0.5, f"{angle:.2g}")


def projection(path, bed, path_others, bed_others):
    with h5py.File(path) as file:
        x = coordinates(file)
    with h5py.File(path_others) as file:
        y = coordinates(file)
        expect("all loadings matched", file.attrs["loadings"] == file.attrs["loadings_matched"])
        expect("nobody is marked as used", not file["samples/used"][:].any())
    g, bim = calls(bed)
    keep, f = chosen(g, bim)
    z = standardised(g[keep], f[keep])
    # plink2 --make-bed may have swapped A1 and A2: count A1 of the reference.
    others, bim_others = calls(bed_others)
    swapped = np.array([a[4] != b[4] for a, b in zip(bim, bim_others)])
    others[swapped] = 2 - others[swapped]
    w = standardised(others[keep], f[keep])
    dense, basis = np.linalg.eigh(z.T @ z)
    for k in range(x.shape[1]):
        u = basis[:, -1 - k]
        expected = w.T @ (z @ u) / dense[-1 - k]
        sign = np.sign(np.dot(u, x[:, k]))
        error = np.abs(y[:, k] - sign * expected).max() / np.abs(expected).max()
        # 24-bit vectors in the iterations, residual of the component
        expect(f"projected component {k + 1}", error < 1e-3, f"largest error {error:.2g} of the largest value")


if __name__ == "__main__":
    {"exact": exact, "projection": projection}[sys.argv[1]](*sys.argv[2:])

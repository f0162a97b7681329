#!/usr/bin/python3
"""cohort: writes cohort.bed, table.csv, genotypes.csv and annotations. results TRAIT FOLDER: compares with what R made of them."""
import sys
from math import erfc, sqrt
import h5py
import numpy as np

SETS, VARIANTS, PEOPLE = 6, 4, 1500


def cohort():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(PEOPLE, 2))
    frequency = rng.uniform(0.01, 0.05, SETS * VARIANTS)
    copies = rng.binomial(2, frequency, (PEOPLE, SETS * VARIANTS))
    entry = np.round(rng.uniform(0, 0.4, PEOPLE), 2)
    time = np.round(entry + 0.02 + rng.exponential(1 / np.exp(0.3 * x[:, 0] - 0.2 * x[:, 1])), 2)  # many ties
    censored = np.round(entry + 0.02 + rng.uniform(0, 2, PEOPLE), 2)
    with open("cohort.fam", "w") as f:
        f.writelines(f"s{i} s{i} 0 0 0 -9\n" for i in range(PEOPLE))
    with open("cohort.bed", "wb") as bed, open("cohort.bim", "w") as bim, open("annotations", "w") as annotations:
        bed.write(bytes([0x6C, 0x1B, 1]))
        for v, column in enumerate(copies.T):
            row = np.append(np.array([3, 2, 0], dtype=np.uint8)[column], np.zeros(-PEOPLE % 4, dtype=np.uint8)).reshape(-1, 4)
            bed.write((row[:, 0] | row[:, 1] << 2 | row[:, 2] << 4 | row[:, 3] << 6).astype(np.uint8).tobytes())
            bim.write(f"1\tv{v}\t0\t{v + 1}\tG\tA\n")
            annotations.write(f"v{v} set{v // VARIANTS} all\n")
    with open("table.csv", "w") as f:
        f.write("sample_id,event,time,entry,c1,c2\n")
        for i in range(PEOPLE):
            f.write(f"s{i},{int(time[i] <= censored[i])},{min(time[i], censored[i]):.2f},{entry[i]:.2f},{x[i, 0]:.6f},{x[i, 1]:.6f}\n")
    names = [f"set{v // VARIANTS}.v{v}" for v in range(SETS * VARIANTS)]
    np.savetxt("genotypes.csv", copies, fmt="%d", delimiter=",", header=",".join(names), comments="")


def results(trait, folder):
    scores = np.array([line.split()[1:] for line in open(f"{trait}.scores")], dtype=float)
    tests = np.array([line.split()[1:] for line in open(f"{trait}.tests")], dtype=float)
    with h5py.File(f"{folder}/score_covariance.h5") as f:
        u = f[f"scores/{trait}/score"][:]
        covariance = f[f"covariance/{trait}/covariance"][:].reshape(SETS, -1)
    with h5py.File(f"{folder}/gene_tests.h5") as f:
        table = {name: f[f"traits/{trait}/{name}"][:] for name in ("burden_beta", "burden_neg_log10_p", "skat_neg_log10_p", "n_cases")}
    assert np.allclose(u, scores[:, 0], rtol=1e-6, atol=1e-6), np.abs(u - scores[:, 0]).max()
    compared = 0
    for s in range(SETS):
        rows = slice(s * VARIANTS, (s + 1) * VARIANTS)
        information = scores[rows, 1:]
        upper = information[np.triu_indices(VARIANTS)]
        assert np.allclose(covariance[s], upper, rtol=1e-6, atol=1e-6 * information.max()), (trait, s, covariance[s] - upper)
        burden, skat, weighted = tests[s]
        z = scores[rows, 0] / np.sqrt(np.diag(information))
        if max(burden, weighted) > 4 or np.abs(z).max() > 2:
            continue
        compared += 1
        p = 10 ** -table["burden_neg_log10_p"][s]
        assert abs(p / erfc(sqrt(burden / 2)) - 1) < 1e-5, (trait, s, p, burden)
        assert abs(10 ** -table["skat_neg_log10_p"][s] / skat - 1) < 1e-4, (trait, s, table["skat_neg_log10_p"][s], skat)
    assert compared >= 3, compared
    print(f"{trait}: {SETS} sets, scores and covariances agree; p of burden and SKAT of {compared}")


globals()[sys.argv[1]](*sys.argv[2:])

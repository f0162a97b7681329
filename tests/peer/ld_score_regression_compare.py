"""Compares a result of ld_score_regression with tables that LDSC wrote."""
import csv
import sys

import h5py
import numpy as np

TOLERANCE = 1e-6


def table(path, name):
    with h5py.File(path) as file:
        group = file[name]
        return {c: group[c].asstr()[:] if group[c].dtype.kind in "SO" else group[c][:] for c in group if "long_name" in group[c].attrs or group[c].ndim == 1}


def rows_of(path):
    with open(path) as text:
        return list(csv.DictReader(text, delimiter="\t"))


class Comparison:
    def __init__(self):
        self.worst, self.count, self.failed = 0.0, 0, False

    def check(self, what, ours, expected):
        difference = abs(ours - expected) / max(abs(expected), 1e-300)
        self.worst, self.count = max(self.worst, difference), self.count + 1
        if not difference <= TOLERANCE:
            self.failed = True
            print(f"{what}: {ours} where LDSC has {expected}")

    def end(self, what):
        print(f"{what}: {self.count} numbers, largest relative difference {self.worst:.2g}")
        if self.failed or self.count == 0:
            sys.exit(1)


def heritability(path, expected, kind, intercept):
    rows, parts = table(path, "heritability"), table(path, "heritability_annotations")
    comparison = Comparison()
    names = {"h2": "h2", "h2_se": "h2_standard_error", "mean_chisq": "mean_chi_square", "lambda_gc": "lambda_gc"}
    if intercept == "free":
        names |= {"intercept_est": "intercept", "intercept_se": "intercept_standard_error", "ratio": "ratio"}
    lists = {"coef": "coefficient", "coef_se": "coefficient_standard_error", "cat": "h2", "prop": "h2_proportion", "enrichment": "enrichment"}
    for row in rows_of(expected):
        here = np.flatnonzero(rows["name"] == row["rep"])
        if row["ref_ld"] != kind or row["intercept"] != intercept or len(here) == 0:
            continue
        for theirs, ours in names.items():
            comparison.check(f"replicate {row['rep']} {ours}", rows[ours][here[0]], float(row[theirs]))
        mine = parts["name"] == row["rep"]
        for theirs, ours in lists.items():
            for a, value in enumerate(row[theirs].split(";")):
                comparison.check(f"replicate {row['rep']} {ours} {a}", parts[ours][mine][a], float(value))
    comparison.end(f"heritability, {kind}, {intercept}")


def correlations(path, expected):
    rows = table(path, "genetic_correlations")
    comparison = Comparison()
    names = {"rg": "genetic_correlation", "rg_se": "standard_error", "z": "z", "h2_1": "h2_first", "h2_2": "h2_second", "gencov": "covariance",
             "gencov_se": "covariance_standard_error", "gencov_int": "covariance_intercept", "gencov_int_se": "covariance_intercept_standard_error"}
    for row in rows_of(expected):
        here = np.flatnonzero((rows["first"] == row["p1"]) & (rows["second"] == row["p2"]))
        for theirs, ours in names.items():
            comparison.check(f"{row['p1']}, {row['p2']} {ours}", rows[ours][here[0]], float(row[theirs]))
        comparison.check(f"{row['p1']}, {row['p2']} p", 10 ** -rows["neg_log10_p"][here[0]], float(row["p"]))
    comparison.end("genetic correlations")


def liability(path, sample, population):
    from statistics import NormalDist
    p, k = float(sample), float(population)
    normal = NormalDist()
    factor = k**2 * (1 - k) ** 2 / (p * (1 - p) * normal.pdf(normal.inv_cdf(1 - k)) ** 2)
    rows, comparison = table(path, "heritability"), Comparison()
    comparison.check("h2", rows["h2_liability"][0], factor * rows["h2"][0])
    comparison.check("error", rows["h2_liability_standard_error"][0], factor * rows["h2_standard_error"][0])
    if not np.isnan(rows["h2_liability"][1]):
        sys.exit("a quantitative trait has a liability")
    comparison.end("liability scale")


{"heritability": heritability, "correlations": correlations, "liability": liability}[sys.argv[1]](*sys.argv[2:])

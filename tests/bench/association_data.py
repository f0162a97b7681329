"""Traits and covariates for association.sh: association_data.py IDS FOLDER QUANTITATIVE [all]

IDS: a file with one sample identifier a line. QUANTITATIVE traits y1, y2 ... without missing values and 10 covariates
c1 ... c10; with `all` also q1 ... q4 with 0 to 3 % missing values, binary b1 ... b10 with 1 case in 20, and event and
time of e with about 20 % events. Writes table.csv, and for plink2 plink.pheno, plink.covar and plink.residuals, the
quantitative traits less what the covariates explain.
"""
import sys

import numpy as np

ids = [line.strip() for line in open(sys.argv[1])]
folder, quantitative, everything = sys.argv[2], int(sys.argv[3]), sys.argv[4:] == ["all"]
n = len(ids)
rng = np.random.default_rng(7)
x = rng.normal(size=(n, 10))
traits = {f"y{k + 1}": x @ rng.normal(0, 0.1, 10) + rng.normal(size=n) for k in range(quantitative)}
binary = {}
if everything:
    for k in range(4):
        y = x @ rng.normal(0, 0.1, 10) + rng.normal(size=n)
        y[rng.random(n) < 0.01 * k] = np.nan
        traits[f"q{k + 1}"] = y
    for k in range(10):
        binary[f"b{k + 1}"] = (rng.random(n) < 1 / (1 + np.exp(3.05 - 0.2 * x[:, k]))).astype(float)
    time, end = rng.exponential(np.exp(-0.2 * x[:, 0])), rng.uniform(0.1, 0.37, n)
    binary["event"], traits["time"] = (time < end).astype(float), np.minimum(time, end)


def residuals(y):
    there = ~np.isnan(y)
    design = np.column_stack([np.ones(n), x])[there]
    rest = np.full(n, np.nan)
    rest[there] = y[there] - design @ np.linalg.lstsq(design, y[there], rcond=None)[0]
    return rest


def column(values, code):
    return ["NA" if np.isnan(v) else code % v for v in values]


def write(name, header, separator, columns):
    with open(f"{folder}/{name}", "w") as file:
        file.write(separator.join(header) + "\n")
        file.writelines(separator.join(row) + "\n" for row in zip(ids, *columns))


covariates = [column(x[:, k], "%.6f") for k in range(10)]
names = [f"c{k + 1}" for k in range(10)]
real = [column(y, "%.6f") for y in traits.values()]
write("table.csv", ["sample_id", *traits, *binary, *names], ",",
      real + [column(b, "%.0f") for b in binary.values()] + covariates)
write("plink.pheno", ["#IID", *traits, *binary], "\t", real + [column(b + 1, "%.0f") for b in binary.values()])
write("plink.covar", ["#IID", *names], "\t", covariates)
fitted = {name: y for name, y in traits.items() if name != "time"}
write("plink.residuals", ["#IID", *fitted], "\t", [column(residuals(y), "%.6f") for y in fitted.values()])

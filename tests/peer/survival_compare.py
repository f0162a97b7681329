#!/usr/bin/env python3
"""Compares Cox fits with published fits of R's survival package (survival.sh).
fits FIT_COX FOLDER: fits made by the program FIT_COX against the reference values in FOLDER.
table SAMPLE.phe OUT: the cohort of the snpnet sample as a trait table, with a delayed entry made up.
choose BED TABLE PREFIX: samples and mean-imputed genotypes of some variants for survival_fits.R.
variants PREFIX TRAIT WALD.h5 SCORE.h5 SADDLEPOINT.h5: results of association against those of survival_fits.R."""
import csv, json, math, subprocess, sys


def rows_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def fit(program, ties, rows, x, exit_, event, entry=None, stratum=None, weight=None, offset=None, cluster=None, ridge=None):
    def codes(names):
        keys = [tuple(r[n] for n in names) for r in rows]
        order = {k: i for i, k in enumerate(sorted(set(keys)))}
        return [str(order[k]) for k in keys]
    n = len(rows)
    columns = [[r[exit_] for r in rows], [r[event] for r in rows],
               [r[entry] for r in rows] if entry else ["-"] * n,
               codes(stratum) if stratum else ["-"] * n,
               weight or ["-"] * n, offset or ["-"] * n, codes(cluster) if cluster else ["-"] * n]
    columns += [[r[c] for r in rows] if isinstance(c, str) else c for c in x]
    text = "".join(" ".join(str(v) for v in line) + "\n" for line in zip(*columns))
    command = [program, ties] + ([str(ridge)] if ridge else [])
    out = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    result = {}
    for line in out.splitlines():
        words = line.split()
        result[words[0]] = [float(w) for w in words[1:]]
    return result


def worst(got, want, scale=0.0):
    assert len(got) == len(want), (len(got), len(want))
    return max((abs(g - w) / max(abs(w), scale, 1e-300) for g, w in zip(got, want)), default=0.0)


class Check:
    def __init__(self):
        self.failed, self.count, self.largest = 0, 0, 0.0

    def that(self, name, error, limit):
        self.count += 1
        self.largest = max(self.largest, error / limit)
        if not error <= limit:
            print(f"FAIL {name}: {error:.3g} > {limit:g}")
            self.failed += 1

    def against(self, name, got, want, limit=1e-8):
        """The README of the reference promises fits converged to 1e-14: coefficients, errors, likelihoods to 1e-8."""
        p = len(want["coef"])
        if got["facts"][4] != 1:
            print(f"FAIL {name}: not converged")
            self.failed += 1
            return
        se = [got["covariance"][i * p + i] ** 0.5 for i in range(p)]
        # A coefficient near 0 has the accuracy of its standard error.
        self.that(name + " coef", max(abs(g - w) / max(abs(w), 0.1 * s) for g, w, s in zip(got["coef"], want["coef"], want["se"])), limit)
        if want.get("robust_se") is None:
            self.that(name + " se", worst(se, want["se"]), limit)
        else:
            robust = [got["robust"][i * p + i] ** 0.5 for i in range(p)]
            self.that(name + " robust", worst(robust, want["robust_se"]), limit)
        self.that(name + " loglik", worst(got["facts"][:2], [want["loglik_null"], want["loglik"]]), limit)
        self.that(name + " score test", worst([got["facts"][2]], [want["score_test"]]), limit)


def complete(rows, names):
    return [r for r in rows if all(r[n] not in ("", "NA") for n in names)]


def fits(program, folder):
    check = Check()
    load = lambda name: (rows_of(f"{folder}/{name}.csv"), json.load(open(f"{folder}/{name}.cox.json")))

    def one(name, rows, want, ties="efron", **how):
        check.against(name, fit(program, ties, rows, want["names"] if "x" not in how else how.pop("x"), **how), want)

    rows, want = load("veteran")
    plain = dict(exit_="time", event="status")
    residuals = rows_of(f"{folder}/veteran.residuals_efron.csv")
    weights = [r["w"] for r in residuals]
    for ties in ("efron", "breslow"):
        one("veteran " + ties, rows, want[ties], ties, **plain)
        one(f"veteran {ties} robust", rows, want[ties + "_robust"], ties, **plain)
        one("veteran weighted " + ties, rows, want["weighted_" + ties], ties, weight=weights, **plain)
    one("veteran weighted robust", rows, want["weighted_efron_robust"], weight=weights, **plain)
    one("veteran strata", rows, want["strata_celltype_efron"], stratum=["smallcell", "adeno", "large"], **plain)
    got = fit(program, "efron", rows, want["efron"]["names"], **plain)
    check.that("veteran martingale", max(abs(g - float(r["martingale"])) for g, r in zip(got["residual"], residuals)), 1e-8)

    rows, want = load("lung")
    used = complete(rows, ["age", "sex", "ph.ecog", "wt.loss"])
    for ties in ("efron", "breslow"):
        one("lung " + ties, used, want[ties], ties, exit_="time", event="event")
    one("lung cluster", complete(used, ["inst"]), want["efron_cluster_inst"], exit_="time", event="event", cluster=["inst"])

    rows, want = load("flchain")  # plain Newton steps diverge here
    used = [r for r in rows if float(r["futime"]) > 0]
    for ties in ("efron", "breslow"):
        one("flchain " + ties, used, want[ties], ties, exit_="futime", event="death")
    one("flchain with time 0", rows, want["rowset_including_futime0"], exit_="futime", event="death")

    rows, want = load("gbsg")
    for ties in ("efron", "breslow"):
        one("gbsg " + ties, rows, want[ties], ties, exit_="rfstime", event="status")

    rows, want = load("heart")
    late = dict(exit_="stop", event="event", entry="start")
    for ties in ("efron", "breslow"):
        one("heart " + ties, rows, want[ties], ties, **late)
    one("heart cluster", rows, want["efron_cluster_id"], cluster=["id"], **late)

    rows, want = load("cgd")
    late = dict(exit_="tstop", event="status", entry="tstart")
    one("cgd", rows, want["AG_efron"], **late)
    one("cgd cluster", rows, want["AG_efron_cluster_id"], cluster=["id"], **late)
    one("cgd cluster breslow", rows, want["AG_breslow_cluster_id"], "breslow", cluster=["id"], **late)
    one("cgd strata", rows, want["PWP_strata_enum_efron_cluster"], stratum=["enum"], cluster=["id"], **late)

    rows, want = load("bladder2")
    late = dict(exit_="stop", event="event", entry="start")
    one("bladder2 cluster", rows, want["AG_efron_cluster"], cluster=["id"], **late)
    one("bladder2 cluster breslow", rows, want["AG_breslow_cluster"], "breslow", cluster=["id"], **late)

    rows, want = load("diabetic")
    one("diabetic strata", rows, want["strata_id"], stratum=["id"], exit_="time", event="status")

    print(f"{check.count} comparisons, largest error / limit {check.largest:.2g}, {check.failed} failed")
    return check.failed == 0


def table(phe, out):
    rows = rows_of(phe)
    names = ["age", "sex"] + [f"PC{i}" for i in range(1, 6)]
    with open(out, "w") as f:
        f.write(",".join(["sample_id", "event", "time", "entry", "late"] + names) + "\n")
        for i, r in enumerate(rows):
            time, event = float(r["CoxPHE"]), r["CoxStatus"]
            if not time > 0 or event not in ("0", "1"):
                time, event = "", ""
            entry = "" if time == "" else repr(time * ((i * 37) % 100) / 125)
            f.write(",".join([r["IID"], event, str(time), entry, ""] + [r[n] for n in names]) + "\n")


def choose(bed, table_path, prefix):
    """Writes PREFIX.samples.csv, PREFIX.genotypes.csv and PREFIX.index (rows of the result)."""
    import numpy as np
    ids = [line.split()[1] for line in open(bed + ".fam")]
    count = sum(1 for _ in open(bed + ".bim"))
    rows = {r["sample_id"]: r for r in rows_of(table_path)}
    names = [n for n in next(iter(rows.values())) if n != "late"]
    members = [i for i, s in enumerate(ids) if s in rows and all(rows[s][n] not in ("", "NA") for n in names)]
    stride = (len(ids) + 3) // 4
    raw = np.fromfile(bed + ".bed", dtype=np.uint8)[3:].reshape(count, stride)
    code = np.stack([(raw >> s) & 3 for s in (0, 2, 4, 6)], axis=2).reshape(count, -1)[:, members]
    copies = np.array([2.0, math.nan, 1.0, 0.0])[code]  # A1 = ALT
    alleles = np.nansum(copies, axis=1)
    rarer = np.minimum(alleles, 2 * np.sum(~np.isnan(copies), axis=1) - alleles)
    usable = np.flatnonzero(rarer >= 10)
    rare = usable[np.argsort(rarer[usable], kind="stable")][:60]
    flipped = usable[alleles[usable] > len(members)][:40]
    chosen = sorted(set(rare) | set(flipped) | set(usable[:: max(1, len(usable) // 150)]))
    picked = copies[chosen]
    means = np.nanmean(picked, axis=1)
    picked = np.where(np.isnan(picked), means[:, None], picked)
    np.savetxt(prefix + ".genotypes.csv", picked, delimiter=",", fmt="%.17g")
    np.savetxt(prefix + ".index", np.array(chosen), fmt="%d")
    with open(prefix + ".samples.csv", "w") as f:
        f.write(",".join(names) + "\n")
        for i in members:
            f.write(",".join(rows[ids[i]][n] for n in names) + "\n")


def variants(prefix, trait, wald, score, saddlepoint):
    import h5py, numpy as np
    from scipy.stats import norm
    index = np.loadtxt(prefix + ".index", dtype=int)
    beta, se, statistic = np.loadtxt(prefix + ".r", unpack=True)
    check = Check()
    with h5py.File(wald) as w, h5py.File(score) as s, h5py.File(saddlepoint) as p:
        w, s, p = (f["traits/" + trait] for f in (w, s, p))
        take = lambda table, name: table[name][:][index]
        test = take(w, "test")
        fitted = test == 12
        # R stops at its own tolerance where the likelihood is monotone; these variants must be named so.
        monotone = (np.abs(beta) > 10) & (se > 50)
        print(f"{fitted.sum()} Wald tests, {np.sum(take(w, 'status') == 6)} monotone")
        check.that("monotone", float(np.sum((take(w, "status") == 6) != monotone)), 0.5)
        ok = fitted & ~monotone
        # A beta near 0 has the accuracy of its standard error.
        check.that("wald beta", np.max(np.abs(take(w, "beta") - beta)[ok] / np.maximum(np.abs(beta), 0.1 * se)[ok]), 1e-6)
        check.that("wald error", np.max(np.abs(take(w, "standard_error") / se - 1)[ok]), 1e-6)
        z = take(s, "beta") / take(s, "standard_error")
        tested = take(s, "status") == 0
        check.that("score tests", float(np.sum(~tested)), 0.5)
        # Residuals are 32-bit fixed-point numbers: statistics near 0 are exact to 1e-6 of one unit.
        check.that("score statistic", np.max(np.abs(z**2 - statistic) / np.maximum(statistic, 1)), 1e-6)
        expected = -(norm.logsf(np.sqrt(statistic)) + math.log(2)) / math.log(10)
        check.that("score p", np.max(np.abs(take(s, "neg_log10_p") - expected)), 1e-5)
        beyond = statistic > 4.0001
        check.that("saddle-point where |z| > 2", float(np.sum(np.isin(take(p, "test"), (11, 14))[np.abs(statistic - 4) > 1e-3] != beyond[np.abs(statistic - 4) > 1e-3])), 0.5)
        print(f"{np.sum(beyond)} beyond 2 standard deviations; score and saddle-point differ by at most "
              f"{np.max(np.abs(take(p, 'neg_log10_p') - expected)):.3f} in -log10 p")
    print(f"{trait}: {check.count} comparisons of {len(index)} variants, largest error / limit {check.largest:.2g}, {check.failed} failed")
    return check.failed == 0


if __name__ == "__main__":
    action = {"fits": fits, "table": table, "choose": choose, "variants": variants}[sys.argv[1]]
    sys.exit(1 if action(*sys.argv[2:]) is False else 0)

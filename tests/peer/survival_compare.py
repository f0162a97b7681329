#!/usr/bin/env python3
"""Compares Cox fits with published fits of R's survival package (survival.sh).
fits FIT_COX FOLDER: fits made by the program FIT_COX against the reference values in FOLDER."""
import csv, json, subprocess, sys


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


if __name__ == "__main__":
    action = {"fits": fits}[sys.argv[1]]
    sys.exit(0 if action(*sys.argv[2:]) else 1)

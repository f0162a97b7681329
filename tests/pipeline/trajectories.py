"""Episodes of the fitted people cut again, their Poisson regression by numpy, and what must hold of risks."""
import math
import sys

import h5py
import numpy as np

CONDITIONS = ["type_2_diabetes", "coronary_disease", "asthma_first_date"]
COVARIATES = [("covariates", "sex_male"), ("traits", "liver_fat"), ("traits", "current_smoker")]
EDGES = [40, 50, 60, 70, 80]
YEAR = 365.25


def column(file, table, name):
    return [v.decode() if isinstance(v, bytes) else v for v in file[table][name][()]]


def episodes(entry, exit_, onset):
    """Rows (years, band, conditions, event) of a life; event: condition, 3 death (added by the caller), None."""
    has = [o <= entry for o in onset]
    cuts = sorted({entry, exit_, *[e for e in EDGES if entry < e < exit_],
                   *[o for o in onset if entry < o <= exit_]})
    for begin, end in zip(cuts, cuts[1:]):
        began = [k for k in range(3) if not has[k] and onset[k] == end]
        yield end - begin, sum(begin >= e for e in EDGES), list(has), began
        for k in began:
            has[k] = True


phenotypes, result = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
birth, first, last, death = (phenotypes["lives"][n][()] for n in ("birth", "observed_from", "observed_to", "death"))
died = death <= last + 1
end = np.where(died, death, last)
entry, exit_ = (first - birth) / YEAR + 1, (end - birth) / YEAR
onset = np.array([(phenotypes["case_dates"][c][()] - birth) / YEAR for c in CONDITIONS]).T
defined = ~np.isnan(phenotypes["traits"]["type_2_diabetes"][()]) & ~np.isnan(phenotypes["traits"]["coronary_disease"][()])
values = np.array([phenotypes[t][c][()] for t, c in COVARIATES]).T
usable = ~np.isnan(entry) & ~np.isnan(exit_) & defined & np.isfinite(values).all(axis=1)
placed = dict(zip(column(result, "people", "part"), column(result, "people", "people")))
assert placed["fitted"] + placed["held_out"] + placed["short_observation"] == usable.sum(), placed
assert placed["short_observation"] == (usable & ~(exit_ > entry)).sum()
assert sum(placed.values()) == len(birth)

risks = result["risks"]
ids = column(result, "risks", "sample_id")
order = {name: i for i, name in enumerate(column(phenotypes, "samples", "sample_id"))}
rows = np.array([order[name] for name in ids])
assert (usable & ~died).sum() == len(rows) and not died[rows].any()
assert np.allclose(risks["age"][()], exit_[rows], rtol=0, atol=1e-12)
for k, name in enumerate(CONDITIONS + ["death"]):
    risk, low, high = (risks[name + suffix][()] for suffix in ("", "_lower", "_upper"))
    there = onset[rows, k] <= exit_[rows] if k < 3 else np.zeros(len(rows), bool)
    assert (np.isnan(risk) == there).all(), name
    good = ~there
    assert ((0 <= low) & (low <= risk + 1e-12) & (risk <= high + 1e-12) & (high <= 1))[good].mean() > 0.999, name
years = risks["years_alive"][()]
assert ((years > 0) & (years <= 10)).all()

# With liver fat lowered, diabetes, which it raises in the simulation, is rarer for everybody who can get it.
effects = {(e, t): v for e, t, v in zip(column(result, "effects", "event"), column(result, "effects", "term"), result["effects"]["estimate"][()])}
assert effects["type_2_diabetes", "liver_fat"] > 0, effects
before, after = risks["type_2_diabetes"][()], result["what_if_risks"]["type_2_diabetes_what_if_2"][()]
assert (np.isnan(before) == np.isnan(after)).all() and np.nanmean(after) < np.nanmean(before)
what_if = {(c, e): d for c, e, d in zip(column(result, "what_if", "change"), column(result, "what_if", "event"), result["what_if"]["difference"][()])}
assert abs(what_if["liver_fat * 0.7", "type_2_diabetes"] - (np.nanmean(after) - np.nanmean(before))) < 1e-12

agrees = result["validation"]["agrees"][()]
print(f"{placed['fitted']} fitted, {placed['held_out']} held out, {agrees.sum()} of {len(agrees)} comparisons agree")
assert agrees.mean() >= 0.7 and len(agrees) >= 15


def newton(design, bands_, years_, events):
    """Poisson regression with the log of the years as offset."""
    beta = np.zeros(design.shape[1])
    beta[:bands_] = math.log(events.sum() / years_.sum())
    for _ in range(60):
        mean = years_ * np.exp(design @ beta)
        step = np.linalg.solve(design.T @ (design * mean[:, None]), design.T @ (events - mean))
        beta += step
        if np.abs(step).max() < 1e-13:
            break
    return beta


# The whole cohort, nothing held out: events, years and effects against regression by numpy.
if len(sys.argv) > 3:
    whole = h5py.File(sys.argv[3])
    people = np.flatnonzero(usable & (exit_ > entry))
    table = []
    for i in people:
        for length, band, has, began in episodes(entry[i], exit_[i], onset[i]):
            table.append([length, band, *has, *[k in began for k in range(3)], *values[i]])
        if died[i]:
            table[-1].append(True)
        else:
            table[-1].append(False)
        for row in table[:-1]:
            if len(row) == 11:
                row.append(False)
    table = np.array(table, float)
    counts = dict(zip(column(whole, "transitions", "event"), zip(whole["transitions"]["events"][()], whole["transitions"]["years"][()])))
    fitted = {(e, t): v for e, t, v in zip(column(whole, "effects", "event"), column(whole, "effects", "term"), whole["effects"]["estimate"][()])}
    for k, name in enumerate(CONDITIONS + ["death"]):
        risk = table[:, 2 + k] == 0 if k < 3 else np.ones(len(table), bool)
        event = table[risk, 5 + k] if k < 3 else table[risk, 11]
        assert counts[name][0] == event.sum(), (name, counts[name], event.sum())
        assert abs(counts[name][1] - table[risk, 0].sum()) < 1e-6
        others = [j for j in range(3) if j != k]
        terms = [c for _, c in COVARIATES] + [CONDITIONS[j] for j in others]
        if event.sum() < 20:
            assert all(math.isnan(fitted[name, term]) for term in terms), name
            continue
        # Bands without events share the rate of the next younger one that has some.
        happened = np.bincount(table[risk, 1].astype(int), event, len(EDGES) + 1)
        shared = np.maximum(np.cumsum(happened > 0) - 1, 0)
        bands = np.eye(shared[-1] + 1)[shared[table[risk, 1].astype(int)]]
        design = np.column_stack([bands, table[risk, 8:11], table[risk][:, [2 + j for j in others]]])
        beta = newton(design, bands.shape[1], table[risk, 0], event)
        for term, value in zip(terms, beta[bands.shape[1] :]):
            assert abs(fitted[name, term] - value) < 1e-7 * max(1, abs(value)), (name, term, fitted[name, term], value)
    print("effects equal Poisson regression of numpy to 1e-7")

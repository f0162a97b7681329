"""Feature tables of the persons of a link table, and what a feature store and traits made of them must hold.

make LINKS FOLDER | store FOLDER STORE OTHER | traits FOLDER PHENOTYPES | asked FOLDER PHENOTYPES
"""
import csv
import datetime
import gzip
import hashlib
import hmac
import math
import random
import sys

import h5py
import numpy as np

SMOKING = [("0", "never"), ("1", "former"), ("2", "current")]
DIET = [("a", "poor"), ("b", "fair"), ("c", "good")]
YES = [("n", "no"), ("y", "yes")]
SITES = [("1", "north"), ("2", "south")]
# column: (type, unit, missing codes, levels, minimum, maximum)
LIFESTYLE = {
    "visit": ("visit", "", {}, [], None, None),
    "attended": ("visit_date", "", {}, [], None, None),
    "weight": ("number", "kg", {"-3": "refused", "-1": "not known"}, [], 20, 300),
    "bmi": ("number", "kg/m2", {"-3": "refused"}, [], 10, 80),
    "cigarettes": ("integer", "", {"-10": "less than one"}, [], 0, None),
    "smoking": ("category", "", {"-3": "refused"}, SMOKING, None, None),
    "snores": ("category", "", {"x": "refused"}, YES, None, None),
    "diet": ("ordinal", "", {}, DIET, None, None),
    "born": ("date", "", {"1900-01-01": "not known"}, [], None, None),
    "remark": ("text", "", {}, [], None, None),
}
IMAGING = {
    "hippocampus": ("number", "mm3", {"-9": "bad scan"}, [], 0, 10000),
    "lesions": ("integer", "", {"-9": "bad scan"}, [], None, None),
    "site": ("category", "", {}, SITES, None, None),
}
AIR = {"pm25": ("number", "ug/m3", {}, [], 0, None), "area": ("category", "", {}, [("u", "urban"), ("r", "rural")], None, None)}
PROTEINS = 211
DAY0 = datetime.date(1970, 1, 1)


def pseudonym(person):
    digest = hmac.new(b"", b"person\n" + person.encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def write_dictionary(path, columns, names={}):
    with open(path, "w", newline="") as out:
        w = csv.writer(out)
        w.writerow(["column", "type", "name", "unit", "missing", "levels", "minimum", "maximum", "description"])
        for column, (kind, unit, missing, levels, low, high) in columns.items():
            w.writerow([column, kind, names.get(column, ""), unit, " | ".join(f"{k} = {v}" for k, v in missing.items()),
                        "|".join(f"{k}={v}" for k, v in levels), "" if low is None else low, "" if high is None else high,
                        f"about {column}, in short"])


def make(links, folder):
    rng = random.Random(5)
    persons = [row["person_id"] for row in csv.DictReader(open(links))]
    rng.shuffle(persons)
    with open(f"{folder}/lifestyle.csv", "w", newline="") as out:
        w = csv.writer(out)
        w.writerow(["Person_ID", *LIFESTYLE])
        rows = [(p, v) for p in persons[:700] for v in (1, 2, 10) if rng.random() < 0.7]
        rng.shuffle(rows)
        pick = rng.choice
        for p, v in rows:
            day = DAY0 + datetime.timedelta(rng.randrange(12000, 16000))
            w.writerow([p, v, day if rng.random() < 0.9 else "",
                        pick(["-3", "-1.0", "", "NA", "12", *[f"{rng.gauss(75, 12):.1f}" for _ in range(20)]]),
                        pick(["-3", "900", *[f"{rng.gauss(26, 4):.3e}" for _ in range(20)]]),
                        pick(["-10", "", "0", "20", "5"]), pick(["0", "1", "2", "-3", ""]), pick(["n", "y", "y", "x"]),
                        pick(["a", "b", "c", "."]), pick(["1900-01-01", "1950-02-28", "1961-12-31", ""]),
                        pick(["", 'says "no", then\nyes', "plain"])])
    write_dictionary(f"{folder}/lifestyle.dictionary.csv", LIFESTYLE)
    proteins = {f"P-{i:04d}": ("number", "{NPX}", {"-99": "below detection"}, [], None, None) for i in range(PROTEINS)}
    with gzip.open(f"{folder}/proteome.tsv.gz", "wt", newline="") as out:
        out.write("\t".join(["eid", *proteins]) + "\r\n")
        for p in persons[200:900]:
            out.write("\t".join([p, *["-99" if rng.random() < 0.02 else "" if rng.random() < 0.05 else f"{rng.gauss(0, 1):.4f}"
                                      for _ in proteins]]) + "\r\n")
    write_dictionary(f"{folder}/proteome.dictionary.csv", {"eid": ("person", "", {}, [], None, None), **proteins},
                     {f"P-{i:04d}": f"prot_{i}" for i in range(PROTEINS)})
    gen = np.random.default_rng(5)
    chosen = persons[100:650]
    with h5py.File(f"{folder}/imaging.h5", "w") as f:
        values = np.stack([gen.normal(4000, 500, len(chosen)).astype(np.float32), gen.integers(0, 9, len(chosen)).astype(np.float32),
                           gen.integers(1, 3, len(chosen)).astype(np.float32)], axis=1)
        values[gen.random(values.shape) < 0.1] = np.nan
        values[::17, :2] = -9
        values[5, 0] = 20000
        f["values"] = values
        f["columns"] = ["hippocampus", "lesions", "site"]
        f["person_id"] = np.array([int(p) for p in chosen], dtype=np.int64)
    write_dictionary(f"{folder}/imaging.dictionary.csv", IMAGING)
    with h5py.File(f"{folder}/air.h5", "w") as f:
        f.create_dataset("pm25", data=gen.normal(12, 3, len(persons)), chunks=(100,), compression="gzip")
        f["area"] = np.array([b"u", b"r", b""])[gen.integers(0, 3, len(persons))]
        f["person_id"] = persons
    write_dictionary(f"{folder}/air.dictionary.csv", AIR)


def as_number(text):
    try:
        return float(text)
    except ValueError:
        return None


def cell(text, column):
    """(value, reason) by the words of docs/features.md."""
    kind, _, missing, levels, low, high = column
    text = text.strip()
    for code, reason in missing.items():
        if text == code or (as_number(text) is not None and as_number(text) == as_number(code)):
            return math.nan, reason
    if text in ("", "NA", "NaN", "nan", "."):
        return math.nan, "empty"
    if levels:
        for i, (code, _) in enumerate(levels):
            if text == code or (as_number(text) is not None and as_number(text) == as_number(code)):
                return float(i), ""
        raise AssertionError(text)
    value = (datetime.date.fromisoformat(text) - DAY0).days if kind == "date" else float(text)
    if (low is not None and value < low) or (high is not None and value > high):
        return math.nan, "out_of_range"
    return float(value), ""


def expected(folder):
    """table: ([(pseudonym, day, visit, person)], {feature: [(value, reason)]}) in the order of the store."""
    tables = {}

    def add(name, rows, columns, names):
        order = sorted(range(len(rows)), key=lambda i: (rows[i]["id"], rows[i]["day"], rows[i]["order"]))
        tables[name] = ([rows[i] for i in order],
                        {names(c): [cell(rows[i]["cells"][c], spec) for i in order] for c, spec in columns.items()
                         if spec[0] in ("number", "integer", "category", "ordinal", "date")})

    def row(person, cells, day="", visit=""):
        return {"person": person, "id": pseudonym(person), "cells": cells, "visit": visit, "order": int(visit or 0),
                "day": (datetime.date.fromisoformat(day) - DAY0).days if day else -10**9}

    with open(f"{folder}/lifestyle.csv", newline="") as f:
        add("lifestyle", [row(r["Person_ID"], r, r["attended"], r["visit"]) for r in csv.DictReader(f)], LIFESTYLE, lambda c: c)
    with gzip.open(f"{folder}/proteome.tsv.gz", "rt", newline="") as f:
        rows = [row(r["eid"], r) for r in csv.DictReader(f, delimiter="\t")]
    add("proteome", rows, {f"P-{i:04d}": ("number", "", {"-99": "below detection"}, [], None, None) for i in range(PROTEINS)},
        lambda c: f"prot_{int(c[2:])}")
    with h5py.File(f"{folder}/imaging.h5") as f:
        v = f["values"][:]
        rows = [row(str(p), dict(zip(IMAGING, ("" if math.isnan(x) else repr(float(x)) for x in v[i])))) for i, p in enumerate(f["person_id"][:])]
    add("imaging", rows, IMAGING, lambda c: c)
    with h5py.File(f"{folder}/air.h5") as f:
        rows = [row(p.decode(), {"pm25": repr(float(x)), "area": a.decode()})
                for p, x, a in zip(f["person_id"][:], f["pm25"][:], f["area"][:])]
    add("air", rows, AIR, lambda c: c)
    return tables


def samples_of(folder):
    import os
    links = os.environ["SALUS_SOURCE"] + "/data-samples/links.csv"
    return {row["person_id"]: row["sample_id"] for row in csv.DictReader(open(links))}


def store(folder, path, other):
    samples = samples_of(folder)
    words = lambda a: [x.decode() for x in a[:]]
    with h5py.File(path) as f, h5py.File(other) as g:
        assert words(f["tables/table"]) == ["lifestyle", "proteome", "imaging", "air"]
        by_name = {n: i for i, n in enumerate(words(f["features/name"]))}
        reasons = {}
        for table, number, reason in zip(words(f["reasons/table"]), f["reasons/number"][:], words(f["reasons/reason"])):
            reasons[table, number] = reason
        counted = {(a, b): c for a, b, c in zip(words(f["missing/feature"]), words(f["missing/reason"]), f["missing/cells"][:])}
        cells = 0
        for table, (rows, features) in expected(folder).items():
            group = f["data"][table]
            assert list(zip(group["rows/pseudonym_high"][:].tolist(), group["rows/pseudonym_low"][:].tolist())) == [r["id"] for r in rows], table
            assert words(group["rows/sample_id"]) == [samples.get(r["person"], "") for r in rows], table
            assert words(group["rows/visit"]) == [r["visit"] for r in rows], table
            assert np.array_equal(group["rows/day"][:], [r["day"] if r["day"] > -10**9 else np.nan for r in rows], equal_nan=True), table
            values, missing = group["values"][:], group["missing"][:]
            assert all(a.attrs["units"] and a.attrs["long_name"] for a in (group["values"], group["missing"])), table
            assert values.shape == missing.shape == (len(features), len(rows)), table
            for name, wanted in features.items():
                at = by_name[name]
                place = f["features/place"][at]
                assert np.array_equal(values[place], [w[0] for w in wanted], equal_nan=True), name
                found = ["" if m == 0 else reasons[table, m] for m in missing[place]]
                assert found == [w[1] for w in wanted], name
                assert f["features/values"][at] == sum(w[1] == "" for w in wanted)
                assert f["features/out_of_range"][at] == sum(w[1] == "out_of_range" for w in wanted)
                for reason in set(found) - {""}:
                    assert counted[name, reason] == found.count(reason), (name, reason)
                cells += len(wanted)
        assert cells > 100000 and sum(c for (_, r), c in counted.items() if r == "refused") > 50
        same = []
        f.visititems(lambda name, item: same.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in same:
            a, b = f[name], g[name]
            if a.dtype.kind == "f":
                assert np.array_equal(a[:], b[:], equal_nan=True), name
            elif a.shape:
                assert np.array_equal(a[:], b[:]), name


def traits(folder, path):
    samples = samples_of(folder)
    tables = expected(folder)
    with h5py.File(path) as f:
        order = {s.decode(): i for i, s in enumerate(f["samples/sample_id"][:])}
        kinds = dict(zip((n.decode() for n in f["trait_info/name"][:]), (k.decode() for k in f["trait_info/kind"][:])))

        def wanted(feature, when="first", line=lambda v: v):
            out = np.full(len(order), np.nan)
            for rows, features in tables.values():
                if feature not in features:
                    continue
                for row, (value, reason) in zip(rows, features[feature]):
                    at = order.get(samples.get(row["person"]))
                    if at is None or reason or (when.isdigit() and row["visit"] != when):
                        continue
                    if when == "last" or np.isnan(out[at]):
                        out[at] = line(value)
            return out

        def check(name, values, kind, close=0.0, group="traits"):
            got = f[group][name][:]
            assert np.array_equal(np.isnan(got), np.isnan(values)) and np.nanmax(np.abs(got - values)) <= close, name
            assert np.isfinite(got).sum() > 50, name
            assert kind is None or kinds[name] == kind, (name, kinds[name])

        check("bmi", wanted("bmi"), "quantitative")
        check("weight_lb", wanted("weight", line=lambda v: v / 0.45359237), "quantitative", 1e-11)
        check("weight_last", wanted("weight", "last"), "quantitative")
        check("weight_2", wanted("weight", "2"), "quantitative")
        check("current_smoker", wanted("smoking", line=lambda v: float(v == 2)), "binary")
        check("snores", wanted("snores"), "binary")
        check("diet", wanted("diet"), "ordinal")
        check("born", wanted("born"), "date")
        check("hippocampus", wanted("hippocampus"), "quantitative")
        check("site", wanted("site"), "binary")
        proteins = [n for n in kinds if n.startswith("prot_")]
        assert proteins == [f"prot_{i}" for i in range(PROTEINS) if str(i).startswith("1")], proteins
        for name in proteins:
            check(name, wanted(name), "quantitative")
        for level, label in ((1, "former"), (2, "current")):
            check(f"smoking_{label}", wanted("smoking", line=lambda v: float(v == level)), None, group="covariates")
        check("pm25", wanted("pm25"), None, group="covariates")
        units = f["traits/weight_lb"].attrs["units"]
        assert (units.decode() if isinstance(units, bytes) else str(units)) == "[lb_av]", units


def asked(folder, path):
    """Traits of definitions that ask for features: only rows with a day are events."""
    samples = samples_of(folder)
    rows, features = expected(folder)["lifestyle"]
    with h5py.File(path) as f:
        order = {s.decode(): i for i, s in enumerate(f["samples/sample_id"][:])}
        weights, heavy, smoked = {}, set(), set()
        for i, row in enumerate(rows):
            at = order.get(samples.get(row["person"]))
            if at is None or row["day"] == -10**9:
                continue
            value = {name: features[name][i][0] for name in ("weight", "bmi", "smoking")}
            if not math.isnan(value["weight"]):
                weights.setdefault(at, []).append(value["weight"] * 1000)
            if value["bmi"] >= 27:
                heavy.add(at)
            if value["smoking"] in (1, 2):
                smoked.add(at)
        assert len(heavy) > 100 and len(smoked) > 100 and len(weights) > 300
        assert set(np.flatnonzero(f["traits/heavy"][:] == 1)) == heavy
        assert set(np.flatnonzero(f["traits/ever_smoked"][:] == 1)) == smoked
        got = f["traits/mean_weight"][:]
        assert set(np.flatnonzero(~np.isnan(got))) == set(weights)
        for at, values in weights.items():
            assert abs(got[at] - sum(values) / len(values)) < 1e-6, at


if __name__ == "__main__":
    {"make": make, "store": store, "traits": traits, "asked": asked}[sys.argv[1]](*sys.argv[2:])

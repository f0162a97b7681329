"""Compares pgs_weights.h5 with reference weights, clumps and correlations."""
import json
import sys

import h5py
import numpy


def table(path):
    with h5py.File(path) as f:
        group = next(iter(f["weights"].values()))
        ids = [i.decode() for i in group["variant_id"][:]]
        alleles = [a.decode() for a in group["effect_allele"][:]]
        return ids, alleles, {k[7:]: group[k][:] for k in group if k.startswith("weight_")}


def rows_of(path, separator=None):
    rows = [line.strip().split(separator) for line in open(path) if line.strip()]
    return rows[0], rows[1:]


def models(path, file):
    ids, alleles, weights = table(path)
    header, rows = rows_of(file)
    place = {r[0]: r for r in rows}
    assert len(ids) == len(rows)
    reference = {"infinitesimal": "ldpred2_inf", "lassosum2_d0.001_l1": "lassosum2_lam0.5xl0_delta0.001", "lassosum2_d0.1_l1": "lassosum2_lam0.5xl0_delta0.1", "lassosum2_d0.01_l2": "lassosum2_lam0.2xl0_delta0.01", "lassosum2_d1_l2": "lassosum2_lam0.2xl0_delta1.0"}
    for name, column in reference.items():
        theirs, ours = [], []
        for i, variant in enumerate(ids):
            r = place[variant]
            sign = 1 if r[1] == alleles[i] else -1
            theirs.append(sign * float(r[header.index(column)]))
            ours.append(weights[name][i])
        theirs, ours = numpy.array(theirs), numpy.array(ours)
        error = numpy.abs(ours - theirs).max() / numpy.abs(theirs).max()
        assert error < 1e-8, f"{name}: {error}"
        assert ((ours != 0) == (theirs != 0)).all(), name
        print(f"{name}: {error:.2g} of the largest effect, {(ours != 0).sum()} variants")


def genotypes(prefix):
    variants = [line.split() for line in open(prefix + ".bim")]
    samples = sum(1 for _ in open(prefix + ".fam"))
    packed = numpy.frombuffer(open(prefix + ".bed", "rb").read(), numpy.uint8)[3:].reshape(len(variants), -1)
    calls = (packed[:, :, None] >> numpy.array([0, 2, 4, 6])) & 3
    return variants, numpy.array([2.0, numpy.nan, 1.0, 0.0])[calls.reshape(len(variants), -1)[:, :samples]]


def clumps(path, file, prefix, statistics, p1, r2, kb):
    """Index variants by the rule written down again, and those of plink 1.9, which estimates r2 from haplotypes."""
    ids, _, weights = table(path)
    ours = {i for i, w in zip(ids, next(iter(weights.values()))) if w != 0}
    variants, calls = genotypes(prefix)
    header, rows = rows_of(statistics)
    p = {r[header.index("ID")]: float(r[header.index("P")]) for r in rows}
    r = numpy.corrcoef(calls)
    place = numpy.array([float(v[3]) for v in variants])
    chromosome = numpy.array([v[0] for v in variants])
    claimed, expected = numpy.zeros(len(variants), bool), set()
    for k in sorted(range(len(variants)), key=lambda k: p[variants[k][1]]):
        if claimed[k]:
            continue
        if p[variants[k][1]] <= float(p1):
            expected.add(variants[k][1])
        claimed |= (chromosome == chromosome[k]) & (abs(place - place[k]) <= 1000 * float(kb)) & (r[k] ** 2 >= float(r2))
    assert ours == expected and len(ours) > 5, (ours - expected, expected - ours)
    header, rows = rows_of(file)
    theirs = {r[header.index("SNP")] for r in rows}
    shared = len(ours & theirs) / len(ours | theirs)
    assert shared > 0.8, shared  # pairs near the threshold differ
    print(f"r2 {r2}, {kb} kb: {len(ours)} index variants, {shared:.3f} of the union with plink 1.9 are in both")


def tested(score, phenotypes):
    header, rows = rows_of(phenotypes, ",")
    who = numpy.array([r[header.index("fold")] == "test" for r in rows])
    y = numpy.array([float(r[header.index("qt")]) if r[header.index("qt")] not in ("", "NA") else numpy.nan for r in rows])
    who &= ~numpy.isnan(y)
    return lambda column: numpy.corrcoef(score["scores/" + column][:][who], y[who])[0, 1]


def test(path, phenotypes, models_file):
    expected = json.load(open(models_file))["eval"]
    with h5py.File(path) as f:
        correlation = tested(f, phenotypes)
        for ours, theirs in (("infinitesimal", "ldpred2_inf"), ("lassosum2_d0.01_l2", "lassosum2_lam0.2xl0_delta0.01")):
            r = correlation(ours)
            assert abs(r - expected[theirs]["test_pearson_qt"]) < 1e-6, (ours, r, expected[theirs])
            print(f"{ours}: r {r:.6f} in the test people")
        # The text file has the same weights as the published column.
        names = [n.decode() for n in f["report/score"][:]]
        assert numpy.allclose(f["scores/" + names[-1]][:], f["scores/infinitesimal"][:], rtol=1e-9, atol=1e-9), names[-1]


def auto(path, score, phenotypes):
    with h5py.File(path) as f:
        status = [s.decode() for s, m in zip(f["chains/status"][:], f["chains/method"][:]) if m == b"auto"]
        names = [(m.decode(), p.decode()) for m, p in zip(f["parameters/method"][:], f["parameters/parameter"][:])]
        mean, r_hats = dict(zip(names, f["parameters/mean"][:])), dict(zip(names, f["parameters/r_hat"][:]))
        h2, r_hat = mean["auto", "h2"], r_hats["auto", "h2"]
        print(f"{status.count('kept')} of {len(status)} chains are kept, h2 {h2:.3f}, p {mean['auto', 'p']:.4f}, R-hat {r_hat:.3f}")
        assert status.count("kept") >= 3 and 0.05 < h2 < 1 and r_hat < 1.5
    with h5py.File(score) as f:
        r = {m: tested(f, phenotypes)(m) for m in ("auto", "continuous_shrinkage", "mixture")}
        print({m: round(x, 3) for m, x in r.items()}, "in the test people")
        assert min(r.values()) > 0.35, r  # infinitesimal reaches 0.39, lassosum2 0.52


def shrinkage(path, file, statistics):
    """Effects at phi 0.01 against the upstream sampler, 3 chains of 4,000 iterations. The file states its effects times sqrt(1 / 2), the sd of a genotype
    at frequency 1/2: the ratio to long chains is 0.7067 with a Monte-Carlo error of 0.001. Each effect within four errors of either side or 5 %."""
    ids, alleles, weights = table(path)
    header, rows = rows_of(file, ",")
    place = {r[0]: r for r in rows}
    _, scaled = rows_of(statistics)
    scale = {r[0]: float(r[5]) for r in scaled}
    ours = numpy.array([weights["continuous_shrinkage_phi0.01"][i] / scale[v] for i, v in enumerate(ids)])
    theirs = numpy.sqrt(2) * numpy.array([float(place[v][2]) * (1 if place[v][1] == a else -1) for v, a in zip(ids, alleles)])
    error = numpy.sqrt(2) * numpy.array([float(place[v][3]) for v in ids])
    r, slope = numpy.corrcoef(ours, theirs)[0, 1], (ours @ theirs) / (theirs @ theirs)
    # Errors from three chains are themselves uncertain: none is taken below their median. Ours are about as large: twice the variance.
    bound = numpy.maximum(4 * numpy.sqrt(2) * numpy.maximum(error, numpy.median(error)), 0.05 * abs(theirs))
    beyond = numpy.mean(abs(ours - theirs) > bound)
    print(f"continuous_shrinkage: r {r:.5f}, slope {slope:.4f}, {100 * beyond:.1f} % beyond the bound")
    assert r > 0.995 and abs(slope - 1) < 0.02 and beyond < 0.01, (r, slope, beyond)


{"models": models, "clumps": clumps, "test": test, "auto": auto, "shrinkage": shrinkage}[sys.argv[1]](*sys.argv[2:])

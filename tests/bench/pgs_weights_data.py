"""Traits of simulated genotypes with known effects, statistics of the first half of the people, and how scores do in the second.

pgs_weights_data.py make PREFIX SHARE H2 SEED FOLDER   share of causal variants, heritability
pgs_weights_data.py judge FOLDER SCORE.h5              squared correlation of each score with the genetic value and the trait
"""
import sys

import numpy


def genotypes(prefix):
    variants = [line.split() for line in open(prefix + ".bim")]
    people = [line.split()[1] for line in open(prefix + ".fam")]
    packed = numpy.frombuffer(open(prefix + ".bed", "rb").read(), numpy.uint8)[3:].reshape(len(variants), -1)
    calls = numpy.empty((len(variants), len(people)), numpy.float32)
    table = numpy.array([2, numpy.nan, 1, 0], numpy.float32)
    for v in range(len(variants)):
        calls[v] = table[(packed[v][:, None] >> numpy.array([0, 2, 4, 6])) & 3].reshape(-1)[: len(people)]
    return variants, people, calls


def make(prefix, share, h2, seed, folder):
    random = numpy.random.default_rng(int(seed))
    variants, people, calls = genotypes(prefix)
    half = len(people) // 2
    frequency = numpy.nanmean(calls, axis=1, keepdims=True) / 2
    x = numpy.nan_to_num(calls - 2 * frequency)
    deviation = x[:, :half].std(axis=1)
    common = (deviation > numpy.sqrt(2 * 0.01 * 0.99)) & (x.std(axis=1) > 0)
    scaled = x / numpy.maximum(x.std(axis=1, keepdims=True), 1e-9)
    causal = numpy.zeros(len(variants), bool)
    count = max(1, round(float(share) * common.sum()))
    causal[random.choice(numpy.flatnonzero(common), count, replace=False)] = True
    genetic = random.standard_normal(count).astype(numpy.float32) @ scaled[causal]
    genetic *= numpy.sqrt(float(h2)) / genetic.std()
    y = genetic + random.standard_normal(len(people)) * numpy.sqrt(1 - float(h2))
    z = x[:, :half] - x[:, :half].mean(axis=1, keepdims=True)
    trait = y[:half] - y[:half].mean()
    square = (z * z).sum(axis=1)
    with open(folder + "/statistics.tsv", "w") as out:
        print("chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\teffect_allele_frequency\tn", file=out)
        for v in numpy.flatnonzero(common):
            beta = z[v] @ trait / square[v]
            error = numpy.sqrt(((trait - beta * z[v]) ** 2).sum() / (half - 2) / square[v])
            r = variants[v]
            print(r[0], r[3], r[4], r[5], beta, error, calls[v, :half][~numpy.isnan(calls[v, :half])].mean() / 2, half, sep="\t", file=out)
    with open(folder + "/truth.tsv", "w") as out:
        for i, name in enumerate(people):
            print(name, int(i < half), genetic[i], y[i], sep="\t", file=out)
    with open(folder + "/discovery.txt", "w") as out:
        print("\n".join(people[:half]), file=out)
    with open(folder + "/trait.csv", "w") as out:
        print("sample_id,trait", file=out)
        for i, name in enumerate(people):
            print(name, y[i], sep=",", file=out)
    # The second half in two: one tunes, one judges.
    with open(folder + "/tuning.txt", "w") as out:
        print("\n".join(people[half : half + (len(people) - half) // 2]), file=out)


def judge(folder, path):
    import h5py

    truth = {r[0]: r[1:] for r in (line.split() for line in open(folder + "/truth.tsv"))}
    tuning = set(open(folder + "/tuning.txt").read().split())
    with h5py.File(path) as f:
        ids = [i.decode() for i in f["scores/sample_id"][:]]
        who = numpy.array([truth[i][0] == "0" and i not in tuning for i in ids])
        genetic = numpy.array([float(truth[i][1]) for i in ids])[who]
        y = numpy.array([float(truth[i][2]) for i in ids])[who]
        for name in [c for c in f["scores"] if c not in ("sample_id", "sample")]:
            s = f["scores/" + name][:][who]
            if s.std() == 0:
                continue
            print(name, round(float(numpy.corrcoef(s, genetic)[0, 1] ** 2), 4), round(float(numpy.corrcoef(s, y)[0, 1] ** 2), 4), sep="\t")


{"make": make, "judge": judge}[sys.argv[1]](*sys.argv[2:])

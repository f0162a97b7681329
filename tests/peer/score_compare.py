"""Compares score.h5 with what plink2 --score prints, or with sums in doubles; makes weights."""
import random
import sys

import h5py
import numpy


def ours(path):
    with h5py.File(path) as f:
        names = [n.decode() for n in f["report/score"][:]]
        ids = [i.decode() for i in f["scores/sample_id"][:]]
        return ids, names, {n: f["scores/" + n][:] for n in names}


def printed(path, file, kind):
    rows = [line.split() for line in open(file)]
    header = rows[0]
    iid = header.index("IID") if "IID" in header else header.index("#IID")
    ids, names, values = ours(path)
    assert ids == [r[iid] for r in rows[1:]], "samples differ"
    worst = 0
    for name in names:
        column = header.index(f"{name}_{kind}")
        theirs = numpy.array([float(r[column]) for r in rows[1:]])
        # Six digits are printed; sums near zero lose digits by cancellation: 1e-9 of the spread.
        error = numpy.abs(values[name] - theirs) / (numpy.abs(theirs) + 1e-9 * theirs.std())
        worst = max(worst, error.max())
    assert len(names) > 0 and worst < 2e-5, f"{file}: relative difference {worst}"
    print(f"{file}: {len(names)} scores of {len(ids)} samples, relative difference {worst:.2g}")


def exact(path, file, kind):
    rows = [line.strip().split(",") for line in open(file)]
    _, names, values = ours(path)
    for name in names:
        column = rows[0].index(f"{name}_{kind}")
        theirs = numpy.array([float(r[column]) for r in rows[1:]])
        error = numpy.abs(values[name] - theirs).max() / theirs.std()
        assert error < 1e-12, f"{name}: {error}"
        print(f"{name}: {error:.2g} of the spread")


def weights(bim, out, count):
    random.seed(3)
    with open(out, "w") as f:
        print("ID", "A1", *(f"W{k}" for k in range(int(count))), sep="\t", file=f)
        for line in open(bim):
            cell = line.split()
            print(cell[1], cell[random.choice((4, 5))], *(f"{random.gauss(0, 1):.6g}" for _ in range(int(count))), sep="\t", file=f)


def genotypes(vcf, psam):
    random.seed(4)
    people = [(f"s{i}", random.choice((1, 2))) for i in range(200)]
    with open(psam, "w") as out:
        print("#IID\tSEX", *(f"{name}\t{sex}" for name, sex in people), sep="\n", file=out)
    with open(vcf, "w") as out:
        print("##fileformat=VCFv4.2\n##contig=<ID=1>\n##contig=<ID=X>", file=out)
        print('##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">', file=out)
        print("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *(name for name, _ in people), sep="\t", file=out)
        for k in range(600):
            chromosome, position = ("1", 1000 + k) if k < 300 else ("X", 100000 + k) if k < 400 else ("X", 5000000 + k)
            f, haploid = random.random(), k >= 400
            cells = []
            for _, sex in people:
                alleles = [str(int(random.random() < f)) for _ in range(1 if haploid and sex == 1 else 2)]
                cells.append("/".join(["."] * len(alleles) if random.random() < 0.03 else alleles))
            print(chromosome, position, f"v{k}", "A", "G" if k % 5 else "T", ".", "PASS", ".", "GT", *cells, sep="\t", file=out)


{"genotypes": genotypes, "printed": printed, "exact": exact, "weights": weights}[sys.argv[1]](*sys.argv[2:])

"""Helper of pgen.sh.

make SEED SAMPLES VARIANTS KINDS      writes a VCF: m several ALT alleles, p phase, d dosages
same A.vcf[.gz] B.vcf[.gz] [calls]    every call, phase of heterozygous calls, and dosage is the same
quality quality.h5 PREFIX             equals plink2's .afreq, .hardy, .smiss, .vmiss
"""

import gzip
import math
import random
import sys


def make(seed, samples, variants, kinds):
    rng = random.Random(seed)
    print("##fileformat=VCFv4.3\n##contig=<ID=1>\n##FILTER=<ID=q,Description=\"q\">")
    print("##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">")
    if "d" in kinds:
        print("##FORMAT=<ID=DS,Number=A,Type=Float,Description=\"d\">")
    names = "\t".join(f"s{i}" for i in range(samples))
    print(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}")
    last = None
    for v in range(variants):
        alts = rng.choice([2, 3, 4, 5, 6, 17, 18, 20]) if "m" in kinds and rng.random() < 0.4 else 1
        share = rng.choice([0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.999, 1])
        phased = rng.choice([0, 0.5, 1]) if "p" in kinds else 0
        gone = rng.choice([0, 0, 0.01, 0.5, 0.99])
        like, inverted = last and alts == 1 and rng.random() < 0.6, rng.random() < 0.3
        calls = []
        for i in range(samples):
            if like and rng.random() > 0.01:
                a, b, mark = last[i]
                if inverted and a != ".":
                    a, b = 1 - a, 1 - b
            elif rng.random() < gone:
                a, b, mark = ".", ".", "/"
            else:
                a, b = (rng.randint(1, alts) if rng.random() < share else 0 for _ in "ab")
                mark = "|" if rng.random() < phased else "/"
            if mark == "/" and a != "." and a > b:
                a, b = b, a
            calls.append((a, b, mark))
        if alts == 1:
            last = calls
        dosed = "d" in kinds and alts == 1
        uncertain = rng.choice([0, 0, 0.02, 0.3, 1])
        fields = []
        for a, b, mark in calls:
            field = f"{a}{mark}{b}"
            if dosed and a == ".":
                field += ":." if rng.random() < 0.7 else f":{rng.uniform(0.3, 1.7):.4f}"
            elif dosed:
                off = rng.uniform(-0.3, 0.3) if rng.random() < uncertain else 0
                field += f":{min(2, max(0, a + b + off)):.4f}"
            fields.append(field)
        alleles = ",".join("AC" * (k + 1) + "T" for k in range(alts))
        kind = rng.choice(["PASS", "q", "."])
        columns = [1, v + 1, f"v{v}", "A", alleles, ".", kind, ".", "GT:DS" if dosed else "GT"]
        print("\t".join(map(str, columns + fields)))


def variants(path):
    """Per ALT allele: site, and per sample the call ('0', '1', '2', '.', '>' 0|1, '<' 1|0) and dosage."""
    with (gzip.open if path.endswith("gz") else open)(path, "rt") as lines:
        for line in lines:
            if line[0] == "#":
                continue
            f = line.rstrip("\n").split("\t")
            alts = f[4].split(",")
            for k, alt in enumerate(alts, 1):
                calls = []
                for column in f[9:]:
                    gt, *more = column.split(":")
                    alleles = gt.replace("|", "/").split("/")
                    haploid = len(alleles) == 1
                    is_alt = [a == str(k) for a in alleles * (2 if haploid else 1)]
                    call = "." if "." in alleles else str(sum(is_alt))
                    if call == "1" and "|" in gt:
                        call = "<" if is_alt[0] else ">"
                    dosage = None
                    if more and "," not in more[0]:
                        dosage = math.nan if more[0] == "." else float(more[0]) * (2 if haploid else 1)
                    calls.append((call, dosage))
                yield (f[0], f[1], f[2], f[3], alt), calls


def same(a, b, only_calls):
    count = dosages = 0
    theirs = variants(b)
    for site, calls in variants(a):
        other_site, other = next(theirs)
        assert site == other_site and len(calls) == len(other), (site, other_site)
        for i, ((call, dosage), (other_call, other_dosage)) in enumerate(zip(calls, other)):
            if only_calls:
                call, other_call = (c.replace("<", "1").replace(">", "1") for c in (call, other_call))
            assert call == other_call, (site, i, call, other_call)
            if only_calls:
                continue
            plain = {"0": 0.0, "2": 2.0, ".": math.nan}.get(call, 1.0)
            x, y = (plain if d is None else d for d in (dosage, other_dosage))
            dosages += dosage is not None
            # half a unit of the last decimal that plink2 prints (4 or more) and we (5)
            assert abs(x - y) < 6e-5 or (x != x and y != y), (site, i, x, y)
        count += 1
    assert next(theirs, None) is None
    print(f"{count} variants, {dosages} written dosages: the same")


def table(path):
    with gzip.open(path, "rt") as lines:
        head = next(lines).lstrip("#").split()
        return [dict(zip(head, line.split())) for line in lines]


def quality(path, prefix):
    import h5py

    with h5py.File(path) as h5:
        v, s = h5["variants"], h5["samples"]
        checks = [
            (v["alt_frequency"][:], table(prefix + ".afreq.gz"), "ALT_FREQS", 1e-6),
            (1 - v["call_rate"][:], table(prefix + ".vmiss.gz"), "F_MISS", 1e-6),
            (1 - s["call_rate"][:], table(prefix + ".smiss.gz"), "F_MISS", 1e-6),
        ]
        hardy = list(zip(10 ** -v["hwe_neg_log10_p"][:], table(prefix + ".hardy.gz"), strict=True))
    for ours, rows, column, tolerance in checks:
        assert len(ours) == len(rows), column
        for x, row in zip(ours, rows):
            y = float(row[column])
            assert abs(x - y) <= tolerance * max(1, abs(y)), (column, x, y)  # 6 printed digits
    for x, row in hardy:
        y = float(row["P"])
        assert abs(x - y) <= 5e-6 * y, ("hardy", x, y)  # half a unit of the 6 significant digits printed
    print(f"{len(hardy)} variants, {len(checks[2][1])} samples: frequencies, missingness, Hardy-Weinberg equal")


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "make":
        make(int(rest[0]), int(rest[1]), int(rest[2]), rest[3])
    elif command == "same":
        same(rest[0], rest[1], len(rest) > 2)
    else:
        quality(*rest)

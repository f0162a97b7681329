"""Makes studies with every kind of trouble, and compares a result of meta_analysis with a slow, obvious version of the
rules, with metafor (R), and with plink 1.9."""
import gzip
import io
import sys

import h5py
import numpy as np
from scipy import stats

COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
NAMES = {"23": "X", "24": "Y"}


def complement(allele):
    return "".join(COMPLEMENT[c] for c in allele)


def is_palindromic(a, b):
    return len(a) == 1 and len(b) == 1 and a == COMPLEMENT[b]


def truth(rng, count):
    """Variants in order; some positions hold two."""
    alleles = [("A", "C"), ("A", "G"), ("C", "T"), ("G", "T"), ("A", "T"), ("C", "G"), ("A", "AT"), ("GTC", "G"), ("AC", "GT")]
    position, variants = 1000, []
    for i in range(count):
        if i % 7 != 3:
            position += int(rng.integers(1, 6000))
        chromosome = "1" if i < count // 2 else "2" if i < 4 * count // 5 else "23"
        ref, alt = alleles[rng.integers(len(alleles))]
        if any(v["position"] == position and v["chromosome"] == chromosome and {v["ref"], v["alt"]} & {alt} for v in variants[-3:]):
            position += 1
        variants.append(dict(chromosome=chromosome, position=position, ref=ref, alt=alt, frequency=rng.uniform(0.01, 0.99),
                             beta=rng.normal(0, 0.05), spread=rng.choice([0, 0.1])))
    return variants


def study_rows(rng, variants, number, size):
    """Rows (chromosome, position, id, effect, other, frequency, n, beta, se), in the order of the truth."""
    rows = []
    for i, v in enumerate(variants):
        if rng.random() < 0.2:
            continue
        f = float(np.clip(v["frequency"] + rng.normal(0, 0.02), 0.001, 0.999))
        se = 1 / np.sqrt(2 * f * (1 - f) * size)
        beta = v["beta"] + rng.normal(0, v["spread"]) + rng.normal(0, se)
        effect, other = v["alt"], v["ref"]
        short = len(effect) == 1 and len(other) == 1
        if rng.random() < 0.3 and short:
            effect, other, f, beta = other, effect, 1 - f, -beta
        if number == 2 and rng.random() < 0.3 and short:
            effect, other = complement(effect), complement(other)
        rows.append([v["chromosome"], v["position"], f"v{i}", effect, other, f, float(size - rng.integers(0, 50)), beta, se])
    return rows


def trouble(rng, rows):
    """Rows that must be left out, and the reason of each."""
    reasons = {}
    def add(row, reason):
        rows.insert(int(rng.integers(len(rows))), row)
        reasons[reason] = reasons.get(reason, 0) + 1
    add(["GL000219", 5, "x", "A", "C", 0.5, 10.0, 0.1, 0.1], "unknown_chromosome")
    add(["1", 0, "x", "A", "C", 0.5, 10.0, 0.1, 0.1], "no_position")
    add(["1", 77, "x", "<DEL>", "C", 0.5, 10.0, 0.1, 0.1], "invalid_alleles")
    add(["1", 77, "x", "C", "C", 0.5, 10.0, 0.1, 0.1], "invalid_alleles")
    add(["1", 78, "x", "A", "C", 0.5, 10.0, None, 0.1], "no_statistic")
    add(["1", 79, "x", "A", "C", 0.5, 10.0, 0.1, None], "no_statistic")
    add(["1", 80, "x", "A", "C", 0.5, 10.0, 0.1, 0.0], "standard_error_not_positive")
    for twice in (20, 40, 60):
        copy = list(rows[twice])
        copy[7] = 0.123
        add(copy, "repeated")
    # An insertion and a deletion with the same two alleles: by frequency not the same, and the same.
    rows.append(["2", 900_000_001, "i1", "AT", "A", 0.10, 100.0, 0.2, 0.1])
    rows.append(["2", 900_000_002, "i2", "AT", "A", 0.10, 100.0, 0.2, 0.1])
    return reasons


def p_text(beta, se):
    if beta is None or not se:
        return "NA", "NA"
    log10 = -(np.log(2) + stats.norm.logsf(abs(beta / se))) / np.log(10)
    digits = 10 ** -(log10 % 1)
    return f"{digits:.15f}e-{int(log10 // 1)}", repr(float(log10))


def cell(value):
    return "NA" if value is None else repr(float(value)) if isinstance(value, float) else str(value)


def write_study(number, rows):
    if number == 0:
        with io.TextIOWrapper(gzip.GzipFile("a.tsv.gz", "wb", mtime=0)) as out:
            out.write("chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_error\teffect_allele_frequency\tp_value\trsid\tn\n")
            for c, p, i, e, o, f, n, b, s in rows:
                out.write("\t".join([c, str(p), e, o, cell(b), cell(s), cell(f), p_text(b, s)[0], i, cell(n)]) + "\n")
    elif number == 1:
        with open("b.regenie", "w") as out:
            out.write("CHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ N TEST BETA SE CHISQ LOG10P EXTRA\n")
            for c, p, i, e, o, f, n, b, s in rows:
                out.write(" ".join([c, str(p), i, o, e, cell(f), cell(n), "ADD", cell(b), cell(s), "1", p_text(b, s)[1], "NA"]) + "\n")
                if i == "v5":
                    out.write(" ".join([c, str(p), i, o, e, cell(f), cell(n), "DOM", "9", "1", "1", "1", "NA"]) + "\n")
    else:
        with open("c.glm.linear", "w") as out:
            out.write("#CHROM\tPOS\tID\tREF\tALT\tA1\tOMITTED\tA1_FREQ\tTEST\tOBS_CT\tBETA\tSE\tT_STAT\tP\n")
            for c, p, i, e, o, f, n, b, s in rows:
                name = NAMES.get(c, c)
                out.write("\t".join([name, str(p), i, o, e, e, o, cell(f), "ADD", cell(n), cell(b), cell(s), "1", p_text(b, s)[0]]) + "\n")


def make(write=False):
    rng = np.random.default_rng(20)
    variants = truth(rng, 4000)
    studies, dropped = [], []
    for number, size in enumerate((5000, 800, 20000)):
        rows = study_rows(rng, variants, number, size)
        dropped.append(trouble(rng, rows))
        rows[-2 if number == 0 else -1][3:6] = ["AT", "A", 0.10]
        if number == 1:
            rows[-2][3:6] = ["A", "AT", 0.12]  # another variant
            rows[-1][3:6] = ["A", "AT", 0.91]  # the same one, the effect of the other allele
        if number > 0:
            rng.shuffle(rows)
        if write:
            write_study(number, rows)
        studies.append(rows)
    dropped[1]["other_test"] = sum(row[2] == "v5" for row in studies[1])
    return studies, dropped


def usable(row):
    c, p, i, e, o, f, n, b, s = row
    return (c in ("1", "2", "23") and p > 0 and e != o and not set(e + o) - set("ACGT") and b is not None and s is not None and s > 0)


def near(a, b):
    return abs(a - b) <= 0.2 and (a < 0.5) == (b < 0.5)


def tells(f):
    return min(f, 1 - f) <= 0.42


def relation(reference, row):
    """+1 same effect allele, -1 the other one, None: not the same variant, 0: cannot be told."""
    e, o, f, re, ro, rf = row[3], row[4], row[5], reference[3], reference[4], reference[5]
    if is_palindromic(e, o):
        if {e, o} != {re, ro}:
            return None
        if not (tells(f) and tells(rf)):
            return 0
        return 1 if near(f, rf) else -1 if near(1 - f, rf) else 0
    if len(e) > 1 or len(o) > 1 or len(re) > 1 or len(ro) > 1:
        if (e, o) == (re, ro):
            return 1
        if (e, o) == (ro, re) and tells(f) and tells(rf) and not near(f, rf) and near(1 - f, rf):
            return -1
        return None
    for a, b in ((e, o), (complement(e), complement(o))):
        if (a, b) == (re, ro):
            return 1
        if (a, b) == (ro, re):
            return -1
    return None


def slow_match(studies):
    """Variants as (chromosome, position, effect, other) -> rows per study, by comparing everything with everything."""
    places, palindromic, twice = {}, [0, 0, 0], [0, 0, 0]
    for number, rows in enumerate(studies):
        for row in filter(usable, rows):
            places.setdefault((int(row[0]), row[1]), []).append((number, row))
    matched = {}
    for (chromosome, position), rows in places.items():
        repeated = set()
        for x, (s, r) in enumerate(rows):
            for y, (t, q) in enumerate(rows):
                if x != y and s == t and (relation(r, q) is not None and ({r[3], r[4]} == {q[3], q[4]} or len(r[3]) == 1)):
                    repeated.add(x)
        for x in repeated:
            twice[rows[x][0]] += 1
        left = [pair for x, pair in enumerate(rows) if x not in repeated]
        while left:
            s, reference = left.pop(0)
            group, rest = [(s, reference, 1)], []
            for t, row in left:
                sign = relation(reference, row)
                if sign is None:
                    rest.append((t, row))
                else:
                    group.append((t, row, sign))
            left = rest
            if is_palindromic(reference[3], reference[4]) and len(group) > 1 and not tells(reference[5]):
                for t, _, _ in group:
                    palindromic[t] += 1
                continue
            for t, _, sign in group:
                palindromic[t] += sign == 0
            matched[chromosome, position, reference[4], reference[3]] = [(t, row, sign) for t, row, sign in group if sign != 0]
    return dict(sorted(matched.items())), palindromic, twice


class Comparison:
    def __init__(self):
        self.worst, self.failed = {}, False

    def check(self, what, ours, expected, tolerance, relative=True):
        ours, expected = np.asarray(ours, float), np.asarray(expected, float)
        if ours.shape != expected.shape or not np.array_equal(np.isnan(ours), np.isnan(expected)):
            self.failed = True
            print(f"{what}: other length or missing values")
            return
        keep = ~np.isnan(expected)
        floor = 1 if "p" in what.split()[-1] else 1e-12  # -log10 p near 0 is as exact as p is
        scale = np.maximum(np.abs(expected[keep]), floor) if relative else 1
        difference = np.abs(ours[keep] - expected[keep]) / scale
        self.worst[what] = float(difference.max()) if difference.size else 0.0
        if not self.worst[what] <= tolerance or not difference.size:
            self.failed = True
            print(f"{what}: off by {self.worst[what]:.3g}, tolerance {tolerance}")

    def end(self):
        print(", ".join(f"{k} {v:.2g}" for k, v in self.worst.items()))
        if self.failed:
            sys.exit(1)


def obvious(matched):
    out = {k: [] for k in "beta se log10p rbeta rse rlog10p tau q df qlog10p i2 z n frequency".split()}
    log10p = lambda z: -(np.log(2) + stats.norm.logsf(abs(z))) / np.log(10)
    for group in matched.values():
        b = np.array([row[7] * sign for _, row, sign in group])
        s = np.array([row[8] for _, row, _ in group])
        f = np.array([row[5] if sign > 0 else 1 - row[5] for _, row, sign in group])
        n = np.array([row[6] for _, row, _ in group])
        w = 1 / s**2
        beta, k = (w * b).sum() / w.sum(), len(b)
        q = (w * (b - beta) ** 2).sum() if k > 1 else 0.0
        tau = max(0.0, (q - (k - 1)) / (w.sum() - (w**2).sum() / w.sum())) if k > 1 else 0.0
        v = 1 / (s**2 + tau)
        z = (np.sqrt(n) * b / s).sum() / np.sqrt(n.sum())
        for name, value in dict(beta=beta, se=w.sum() ** -0.5, log10p=log10p(beta * w.sum() ** 0.5), rbeta=(v * b).sum() / v.sum(), rse=v.sum() ** -0.5,
                                rlog10p=log10p((v * b).sum() / v.sum() ** 0.5), tau=tau, q=q, df=k - 1,
                                qlog10p=-stats.chi2.logsf(q, k - 1) / np.log(10) if k > 1 else np.nan,
                                i2=max(0.0, (q - (k - 1)) / q) if k > 1 else np.nan, z=log10p(z), n=n.sum(), frequency=(n * f).sum() / n.sum()).items():
            out[name].append(value)
    return out


def compare(path):
    studies, dropped = make()
    matched, palindromic, twice = slow_match(studies)
    expected = obvious(matched)
    code = {"X": 23, "Y": 24, "MT": 25}
    with h5py.File(path) as file:
        v = {c: file["variants"][c][:] for c in ("chromosome", "base_pair_location", "other_allele", "effect_allele", "n", "effect_allele_frequency")}
        keys = [(code.get(c.decode(), 0) or int(c), int(p), o.decode(), e.decode())
                for c, p, o, e in zip(v["chromosome"], v["base_pair_location"], v["other_allele"], v["effect_allele"])]
        if keys != list(matched):
            extra, lost = set(keys) - set(matched), set(matched) - set(keys)
            sys.exit(f"other variants or order: {sorted(extra)[:5]} too many, {sorted(lost)[:5]} missing")
        comparison = Comparison()
        get = lambda table, column: file[table][column][:]
        # Rounding of sums of three terms; what holds a difference (Q - df) may lose three digits more.
        for name, table, column, tolerance in [
                ("beta", "traits/fixed_effects", "beta", 1e-10), ("se", "traits/fixed_effects", "standard_error", 1e-12),
                ("log10p", "traits/fixed_effects", "neg_log10_p", 1e-11), ("rbeta", "traits/random_effects", "beta", 1e-10),
                ("rse", "traits/random_effects", "standard_error", 1e-11), ("rlog10p", "traits/random_effects", "neg_log10_p", 1e-11),
                ("tau", "traits/random_effects", "tau_squared", 1e-10), ("q", "heterogeneity", "q", 1e-11), ("df", "heterogeneity", "degrees_of_freedom", 0),
                ("qlog10p", "heterogeneity", "neg_log10_p", 1e-9), ("i2", "heterogeneity", "i_squared", 1e-10),
                ("z", "traits/sample_size_weighted", "neg_log10_p", 1e-10), ("n", "variants", "n", 1e-12),
                ("frequency", "variants", "effect_allele_frequency", 1e-12)]:
            comparison.check(name, get(table, column), expected[name], tolerance)
        d = file["dropped"]
        found = {}
        for s, r, n in zip(d["study"][:], d["reason"][:], d["rows"][:]):
            found.setdefault(s.decode(), {})[r.decode()] = int(n)
        for number, name in enumerate("abc"):
            wanted = dict(dropped[number], palindromic=palindromic[number], repeated=twice[number])
            if found.get(name) != wanted:
                sys.exit(f"left out of {name}: {found.get(name)} where {wanted} is right")
        for number, rows in enumerate(studies):
            chi = [(r[7] / r[8]) ** 2 for r in rows if usable(r)]
            comparison.check(f"lambda {number}", file["studies"]["lambda_gc"][number], np.median(chi) / 0.4549, 1e-9)
        chi = (np.array(expected["beta"]) / np.array(expected["se"])) ** 2
        comparison.check("lambda", file.attrs["lambda_gc"], np.median(chi) / 0.4549, 1e-9)
        print(f"{len(keys)} variants; left out by reason: {found}")
        comparison.end()


def effects(path, out):
    """Effects of each study for variants in all three, for R and plink."""
    studies, _ = make()
    matched, _, _ = slow_match(studies)
    names = ["a", "b", "c"]
    with open(out, "w") as table:
        table.write("row\tbeta1\tbeta2\tbeta3\tse1\tse2\tse3\n")
        for row, group in enumerate(matched.values()):
            if len(group) == 3:
                table.write("\t".join([str(row)] + [repr(float(r[7] * sign)) for _, r, sign in group] + [repr(float(r[8])) for _, r, _ in group]) + "\n")
    files = [open(f"plink.{n}", "w") for n in names]
    for file in files:
        file.write("CHR\tSNP\tBP\tA1\tA2\tBETA\tSE\tP\n")
    for row, (key, group) in enumerate(matched.items()):
        if any(is_palindromic(r[3], r[4]) or len(r[3]) > 1 or len(r[4]) > 1 or {r[3], r[4]} != {key[2], key[3]} for _, r, _ in group):
            continue
        for t, r, _ in group:
            files[t].write(f"{r[0]}\tr{row}\t{r[1]}\t{r[3]}\t{r[4]}\t{r[7]!r}\t{r[8]!r}\t0.5\n")


def peers(path, metafor, plink):
    comparison = Comparison()
    with h5py.File(path) as file:
        get = lambda table, column: file[table][column][:]
        r = np.genfromtxt(metafor, names=True, delimiter="\t")
        rows = r["row"].astype(int)
        for name, table, column, tolerance in [
                ("beta", "traits/fixed_effects", "beta", 1e-8), ("se", "traits/fixed_effects", "standard_error", 1e-10),
                ("rbeta", "traits/random_effects", "beta", 1e-8), ("rse", "traits/random_effects", "standard_error", 1e-9),
                ("q", "heterogeneity", "q", 1e-8), ("i2", "heterogeneity", "i_squared", 1e-7), ("tau2", "traits/random_effects", "tau_squared", 1e-7)]:
            comparison.check("metafor " + name, get(table, column)[rows], r[name], tolerance)
        for name, table in [("p", "traits/fixed_effects"), ("rp", "traits/random_effects"), ("qp", "heterogeneity")]:
            good = r[name] > 1e-300
            comparison.check("metafor " + name, get(table, "neg_log10_p")[rows[good]], -np.log10(r[name][good]), 1e-6)
        with open(plink) as text:
            header = text.readline().split()
            table = [dict(zip(header, line.split())) for line in text]
        table = [row for row in table if int(row["N"]) > 1]
        rows = np.array([int(row["SNP"][1:]) for row in table])
        sign = np.array([1 if row["A1"] == a.decode() else -1 for row, a in zip(table, get("variants", "effect_allele")[rows])])
        number = lambda column: np.array([float(row[column]) for row in table])
        # plink prints four decimals, I with two of a per cent.
        for column, ours in [("BETA", sign * get("traits/fixed_effects", "beta")[rows]), ("BETA(R)", sign * get("traits/random_effects", "beta")[rows])]:
            comparison.check("plink " + column, ours, number(column), 6e-5, relative=False)
        for column, name in [("P", "traits/fixed_effects"), ("P(R)", "traits/random_effects"), ("Q", "heterogeneity")]:
            comparison.check("plink " + column, 10 ** -get(name, "neg_log10_p")[rows], number(column), 6e-5, relative=False)
        comparison.check("plink I", 100 * get("heterogeneity", "i_squared")[rows], number("I"), 0.006, relative=False)
        print(f"{len(table)} variants of plink")
    comparison.end()


{"make": lambda: make(write=True), "compare": compare, "effects": effects, "peers": peers}[sys.argv[1]](*sys.argv[2:])

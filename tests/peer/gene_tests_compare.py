"""Helpers of gene_tests.sh: makes inputs, and compares results with published and dense ones."""
import gzip, sys
import h5py
import numpy as np
from scipy import stats


def close(what, got, expected, relative):
    if np.isnan(got) and np.isnan(expected):
        return
    if not abs(got - expected) <= relative * max(abs(expected), 1e-300):
        sys.exit(f"{what}: {got} and not {expected}")


def read_bed(prefix):
    """Copies of A1, the ALT allele [variant, sample], NaN = missing; identifiers."""
    samples = sum(1 for _ in open(prefix + ".fam"))
    ids = [line.split()[1] for line in open(prefix + ".bim")]
    raw = np.fromfile(prefix + ".bed", dtype=np.uint8)[3:].reshape(len(ids), -1)
    codes = np.stack([(raw >> (2 * k)) & 3 for k in range(4)], axis=2).reshape(len(ids), -1)[:, :samples]
    return np.array([2, np.nan, 1, 0])[codes], ids


def skat_files(source, out):
    rows = [line.split() for line in gzip.open(source + "/Z.tsv.gz", "rt")][1:]
    call = {"0": "0/0", "1": "0/1", "2": "1/1", "9": "./."}
    with open(out + ".vcf", "w") as f:
        f.write("##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"calls\">\n")
        f.write("\t".join("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split() + ["s" + r[0] for r in rows]) + "\n")
        for j in range(1, len(rows[0])):
            f.write("\t".join(["1", str(10 * j), f"v{j}", "A", "G", ".", ".", ".", "GT"] + [call[r[j]] for r in rows]) + "\n")
    with open(out + ".annotations", "w") as f:
        for j in range(1, len(rows[0])):
            f.write(f"v{j} gene lof\n")
    with open(out + ".csv", "w") as f:
        f.write("sample_id,y_c,y_b,X1,X2\n")
        for line in list(open(source + "/pheno_covar.tsv"))[1:]:
            f.write("s" + ",".join(line.split()) + "\n")


def skat(result, expected):
    table = {tuple(line.split("\t")[:2]): float(line.split("\t")[2]) for line in list(open(expected))[1:]}
    with h5py.File(result) as f:
        for trait, kind in (("y_c", "continuous"), ("y_b", "binary_AdjustmentFALSE")):
            p = {t: 10 ** -f[f"traits/{trait}/{t}_neg_log10_p"][0] for t in ("skat", "skat_o")}
            # A variant beyond two standard deviations gets its variance from the saddle point.
            close(trait + " skat", p["skat"], table[kind, "SKAT_linear.weighted_beta(1,25)_davies"], 1e-4 if trait == "y_c" else 1e-3)
            close(trait + " skat_o", p["skat_o"], table[kind, "SKATO"], 1e-2 if trait == "y_c" else 1e-3)
            print(f"{trait}: SKAT {p['skat']:.9g}, SKAT-O {p['skat_o']:.9g}, as SKAT 2.2.5")


def regenie_table(source, out):
    read = lambda name: {l.split()[1]: l.split()[2:] for l in list(open(f"{source}/{name}"))[1:]}
    traits, binary, covariates = read("phenotype.txt"), read("phenotype_bin.txt"), read("covariates.txt")
    with open(out, "w") as f:
        f.write("sample_id,Y1,Y2,B1,V1,V2,V3\n")
        for s in traits:
            f.write(",".join([s] + traits[s][:2] + binary[s][:1] + covariates[s][:3]) + "\n")


def columns(path, fam):
    """Trait and covariate columns in genotype order."""
    lines = [line.strip().split(",") for line in open(path)]
    rows = {r[0]: [float(v) if v not in ("NA", "") else np.nan for v in r[1:]] for r in lines[1:]}
    order = [line.split()[1] for line in open(fam)]
    return {name: np.array([rows[s][k] for s in order]) for k, name in enumerate(lines[0][1:])}


def rows_of(f):
    text = lambda name: [v.decode() for v in f["tests/" + name][:]]
    return list(zip(text("set"), text("mask"), text("frequency_bin")))


def regenie_masks(result, prefix, table, fam):
    masks, ids = read_bed(prefix)
    kept = {line.split()[1] for line in open(fam)}
    masks = masks[:, [line.split()[1] in kept for line in open(prefix + ".fam")]]
    data = columns(table, fam)
    with h5py.File(result) as f:
        rows = rows_of(f)
        for mask, name in zip(masks, ids):
            row = rows.index(tuple(name.split(".", 2)))
            carriers = int((np.nan_to_num(mask) > 0).sum())
            if f["traits/Y1/carriers"][row] != carriers:
                sys.exit(f"{name}: {f['traits/Y1/carriers'][row]} carriers and not {carriers}")
            for trait in ("Y1", "Y2"):
                use = ~np.isnan(data[trait])
                x = np.column_stack([np.ones(use.sum())] + [data[c][use] for c in ("V1", "V2", "V3")])
                g = np.where(np.isnan(mask), np.nanmean(mask[use]), mask)[use]
                full = np.column_stack([x, g])
                beta, rest, *_ = np.linalg.lstsq(full, data[trait][use], rcond=None)
                error = np.sqrt(rest[0] / (use.sum() - 5) * np.linalg.inv(full.T @ full)[-1, -1])
                # the same genotypes, no rounding in either
                close(f"{name} {trait} beta", f[f"traits/{trait}/burden_beta"][row], beta[-1], 1e-6)
                close(f"{name} {trait} error", f[f"traits/{trait}/burden_standard_error"][row], error, 1e-6)
    print(f"{len(ids)} masks of regenie: the same carriers, the same effects")


def mixture_tail(q, weights):
    """P(sum w chi2 > q) by Imhof's integral, cut into periods."""
    weights = weights[weights > 1e-9 * weights.max()] / q
    if len(weights) == 1:
        return stats.chi2.sf(1 / weights[0], 1)
    if len(weights) == 2:  # its integrand decays too slowly: integrate over one of the two instead
        z, step = np.linspace(0, 12, 2000001, retstep=True)
        f = stats.chi2.sf(np.maximum(0, 1 - weights[0] * z * z) / weights[1], 1) * np.exp(-z * z / 2)
        return (f.sum() - 0.5 * f[0]) * step * np.sqrt(2 / np.pi)
    nodes, node_weights = np.polynomial.legendre.leggauss(20)
    total, last = 0.0, 0.0
    for edges in np.array_split(np.linspace(0, 6000, 3001), 30):
        for start in edges:
            u = start + (nodes + 1)
            theta = 0.5 * np.arctan(np.outer(weights, u)).sum(0) - 0.5 * u
            rho = np.exp(0.25 * np.log1p(np.outer(weights, u) ** 2).sum(0))
            total += (node_weights * np.sin(theta) / (u * rho)).sum()
    return 0.5 + total / np.pi


def cauchy(p, w):
    t = np.sum(w * np.tan((0.5 - np.minimum(p, 0.999)) * np.pi)) / np.sum(w)
    return stats.cauchy.sf(t)


def dense(folder, source, table, coding, collapse):
    collapse = float(collapse)
    genotypes, ids = read_bed(source + "/example_3chr")
    data = columns(table, source + "/example_3chr.fam")
    annotation = {l.split()[0]: (l.split()[1], l.split()[2]) for l in open(source + "/example_3chr.annotations")}
    sets = {l.split()[0]: l.split()[3].split(",") for l in open(source + "/example_3chr.setlist")}
    masks = {l.split()[0]: l.split()[1].split(",") for l in open(source + "/example_3chr.masks")}
    counts = np.nansum(genotypes, 1) / 2 / (~np.isnan(genotypes)).sum(1)
    genotypes = np.where((counts > 0.5)[:, None], 2 - genotypes, genotypes)
    minor = np.minimum(counts, 1 - counts)
    place = {name: i for i, name in enumerate(ids)}
    tested = 0
    with h5py.File(folder + "/gene_tests.h5") as f, h5py.File(folder + "/score_covariance.h5") as sc:
        rows = rows_of(f)
        listed = [v.decode() for v in sc["variants/set"][:]]
        for trait in ("Y1", "Y2", "B1"):
            use = ~np.isnan(data[trait])
            y = data[trait][use]
            x = np.column_stack([np.ones(use.sum())] + [data[c][use] for c in ("V1", "V2", "V3")])
            if trait == "B1":
                b = np.zeros(4)
                for _ in range(50):
                    mu = 1 / (1 + np.exp(-x @ b))
                    b += np.linalg.solve(x.T @ (x * (mu * (1 - mu))[:, None]), x.T @ (y - mu))
                w, residual = mu * (1 - mu), y - mu
            else:
                residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
                s2 = residual @ residual / (len(y) - 4)
                w, residual = np.full(len(y), 1 / s2), residual / s2
            project = lambda g: g - x @ np.linalg.solve(x.T @ (x * w[:, None]), x.T @ (w[:, None] * g))
            for row, (name, mask, bin_) in enumerate(rows):
                most = 0 if bin_ == "singletons" else float(bin_)
                members = [place[v] for v in sets[name] if v in place and annotation.get(v, ("", ""))[0] == name
                           and annotation[v][1] in masks[mask]]
                members = [v for v in sorted(members) if minor[v] <= most]
                g = genotypes[members][:, use].T if members else np.zeros((use.sum(), 0))
                g = g[:, np.nansum(g, 0) > 0]
                get = lambda column: f[f"traits/{trait}/{column}"][row]
                if g.shape[1] == 0:
                    if get("status") == 0 or not np.isnan(get("burden_neg_log10_p")):
                        sys.exit(f"{name} {mask} {bin_}: tested without carriers")
                    continue
                macs = np.nansum(g, 0)
                if get("variants") != g.shape[1] or get("carriers") != (np.nan_to_num(g) > 0).any(1).sum():
                    sys.exit(f"{name} {mask} {bin_} {trait}: variants or carriers differ")
                close("allele count", get("minor_allele_count"), macs.sum(), 1e-12)
                g = np.where(np.isnan(g), np.nanmean(g, 0), g)
                burden = {"max": g.max(1), "sum": g.sum(1), "comphet": np.minimum(2, g.sum(1))}[coding]
                gb = project(burden[:, None])[:, 0]
                u, v = residual @ burden, gb @ (w * gb)
                where = f"{name} {mask} {bin_} {trait} {coding} {collapse}"
                if trait != "B1":
                    close(where + " beta", get("burden_beta"), u / v, 1e-6)
                    rest = residual * s2 - gb * (u / v)
                    t = u / v / np.sqrt(rest @ rest / (len(y) - 5) / (gb @ gb))
                    close(where + " burden", get("burden_neg_log10_p"), -np.log10(2 * stats.t.sf(abs(t), len(y) - 5)), 1e-5)
                elif u * u / v < 3.9:
                    close(where + " burden", get("burden_neg_log10_p"), -np.log10(stats.chi2.sf(u * u / v, 1)), 1e-5)
                rare = macs <= collapse
                elements = [g[:, k] for k in range(g.shape[1]) if not rare[k]]
                element_macs = list(macs[~rare])
                if rare.any():
                    elements.append(g[:, rare].max(1))
                    element_macs.append(macs[rare].sum())
                e = np.column_stack(elements)
                maf = e.sum(0) / 2 / len(y)
                beta = (1 - maf) ** 24
                tilde = project(e)
                phi = tilde.T @ (tilde * w[:, None])
                score = e.T @ residual
                if trait == "B1" and (score ** 2 / np.diag(phi) > 3.9).any():
                    continue  # saddle point
                weighted = beta * score
                burden_w = (weighted.sum()) ** 2 / (beta @ phi @ beta)
                if trait == "B1" and burden_w > 3.9:
                    continue
                matrix = phi * np.outer(beta, beta)
                p = mixture_tail(weighted @ weighted, np.linalg.eigvalsh(matrix))
                close(where + " skat", 10 ** -get("skat_neg_log10_p"), p, 2e-4)  # Imhof is cut at u = 6000
                singles = stats.chi2.sf(score ** 2 / np.diag(phi), 1)
                element_macs = np.array(element_macs)
                single_weights = beta ** 2 * maf * (1 - maf)
                few = element_macs < 10
                ps, ws = list(singles[~few]), list(single_weights[~few])
                if few.any():
                    ps.append(stats.chi2.sf(weighted[few].sum() ** 2 / matrix[np.ix_(few, few)].sum(), 1))
                    ws.append(single_weights[few].mean())
                acat_v = cauchy(np.array(ps), np.array(ws))
                close(where + " acat_v", 10 ** -get("acat_v_neg_log10_p"), acat_v, 1e-5)
                acat_o = cauchy(np.array([10 ** -get("burden_neg_log10_p"), p, acat_v]), np.ones(3))
                close(where + " acat_o", 10 ** -get("acat_o_neg_log10_p"), acat_o, 2e-4)
                tested += 1
            first = 0
            for name in dict.fromkeys(listed):
                m = listed.count(name)
                block = sc[f"covariance/{trait}/covariance"][first:first + m * (m + 1) // 2]
                first += m * (m + 1) // 2
                start = listed.index(name)
                position = sc["variants/base_pair_location"][start:start + m]
                chromosome = [c.decode() for c in sc["variants/chromosome"][start:start + m]]
                bim = [line.split() for line in open(source + "/example_3chr.bim")]
                which = [next(i for i, b in enumerate(bim) if b[0] == c and int(b[3]) == p) for c, p in zip(chromosome, position)]
                g = genotypes[which][:, use].T
                g = np.where(np.isnan(g), np.nanmean(g, 0), g)
                tilde = project(g)
                phi = tilde.T @ (tilde * w[:, None])
                upper = phi[np.triu_indices(m)]
                if not np.allclose(block, upper, rtol=1e-6, atol=1e-6 * abs(upper).max()):
                    sys.exit(f"covariance of {name} for {trait} differs")
                if not np.allclose(sc[f"scores/{trait}/score"][start:start + m], g.T @ residual, rtol=1e-6, atol=1e-6):
                    sys.exit(f"scores of {name} for {trait} differ")
    if tested < 6:
        sys.exit(f"only {tested} tests were compared")
    print(f"{tested} tests of {len(rows)} rows x 3 traits agree with dense formulas ({coding}, collapse {collapse:g})")


def offset(result, source, table, predictions):
    genotypes, ids = read_bed(source + "/example_3chr")
    data = columns(table, source + "/example_3chr.fam")
    order = [line.split()[1] for line in open(source + "/example_3chr.fam")]
    lines = [line.split() for line in open(open(predictions).read().split()[1])]
    people = [name.split("_")[1] for name in lines[0][1:]]
    loco = {r[0]: dict(zip(people, map(float, r[1:]))) for r in lines[1:]}
    annotation = {l.split()[0]: l.split()[1:3] for l in open(source + "/example_3chr.annotations")}
    chromosome = {l.split()[1]: l.split()[0] for l in open(source + "/example_3chr.bim")}
    x = np.column_stack([np.ones(len(order))] + [data[c] for c in ("V1", "V2", "V3")])
    residual = data["Y1"] - x @ np.linalg.lstsq(x, data["Y1"], rcond=None)[0]
    unit = np.sqrt(residual @ residual / (len(order) - 4))
    tested = 0
    with h5py.File(result) as f:
        for row, (name, mask, bin_) in enumerate(rows_of(f)):
            if mask != "M1" or bin_ != "0.2" or f["traits/Y1/status"][row] != 0:
                continue
            members = [i for i, v in enumerate(ids) if annotation[v] == [name, "pLof"]]
            members = [i for i in members if v_in(source, name, ids[i]) and np.nanmean(genotypes[i]) / 2 <= 0.2]
            own = loco[chromosome[ids[members[0]]]]
            y = data["Y1"] - unit * np.array([own[s] for s in order])
            full = np.column_stack([x, genotypes[members].max(0)])
            beta = np.linalg.lstsq(full, y, rcond=None)[0][-1]
            close(f"{name} with offset", f["traits/Y1/burden_beta"][row], beta, 1e-6)
            tested += 1
    if tested != 2:
        sys.exit(f"{tested} sets were compared, not 2")
    print("2 sets with regenie's predictions as offset agree with least squares")


def v_in(source, name, variant):
    return any(l.split()[0] == name and variant in l.split()[3].split(",") for l in open(source + "/example_3chr.setlist"))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

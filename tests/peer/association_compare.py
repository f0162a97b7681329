"""Tables for, and comparisons of, association results with plink2, R and plain least squares."""
import csv, gzip, sys
import h5py, numpy as np
from scipy import stats


def rows(path, delimiter=None):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as f:
        lines = [line.rstrip("\n").split(delimiter) for line in f]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def write_csv(path, table):
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, table[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def join(pheno, covar, out):
    """Phenotype and covariate files of plink as one CSV."""
    covariates = {row["IID"]: row for row in rows(covar)}
    table = []
    for row in rows(pheno):
        merged = {"sample_id": row["IID"]}
        for source in (row, covariates[row["IID"]]):
            for key, value in source.items():
                if key not in ("FID", "IID"):
                    merged[key] = "NA" if value in ("-9", "nan") else value
        table.append(merged)
    write_csv(out, table)


def strata(pheno, out):
    """Case-control status, the same as a quantitative trait with noise, and the stratum as covariate."""
    noise = np.random.default_rng(3)
    table = []
    for row in rows(pheno):
        status = int(row["cc"])
        table.append({"sample_id": row["IID"], "cc": status, "cc_score": repr(status + noise.normal()),
                      "stratum": int(row["stratum"] == "CEU")})
    write_csv(out, table)


def hapmap(fam, out):
    folder = out.rsplit("/", 1)[0]
    noise = np.random.default_rng(4)
    table = []
    people = [line.split() for line in open(fam)]
    for person in people:
        table.append({"sample_id": person[1], "y": repr(noise.normal()), "male": int(person[4] == "1")})
    write_csv(out, table)
    with open(folder + "/plink.pheno", "w") as f:
        f.write("#FID\tIID\ty\n" + "".join(f"{p[0]}\t{p[1]}\t{r['y']}\n" for p, r in zip(people, table)))


def results(path, trait):
    with h5py.File(path) as f:
        table = {name: f[f"traits/{trait}/{name}"][:] for name in
                 ("effect_allele_frequency", "n", "beta", "standard_error", "neg_log10_p", "test", "status")}
        for name in ("chromosome", "variant_id", "other_allele", "effect_allele"):
            table[name] = f[f"variants/{name}"].asstr()[:]
        table["position"] = f["variants/base_pair_location"][:]
    return table


def worst(name, ours, theirs, allowed):
    """Largest difference over what is allowed; fails above 1."""
    ratio = np.abs(ours - theirs) / allowed
    i = int(np.argmax(ratio))
    print(f"  {name}: {len(ours)} compared, largest difference {abs(ours[i] - theirs[i]):.3g}, "
          f"{ratio[i]:.2g} of what is allowed")
    return ratio[i] <= 1


def plink(path, trait, glm):
    """plink2 leaves samples with a missing call out, so variants with one are not compared here."""
    ours = results(path, trait)
    theirs = {row["ID"]: row for row in rows(glm, "\t")}
    total = int(ours["n"][0])
    picked, betas, errors, ps = [], [], [], []
    untested = 0
    for i, name in enumerate(ours["variant_id"]):
        row = theirs.get(name)
        if row is None or int(row["OBS_CT"]) != total or row["BETA"] == "NA":
            continue
        if ours["chromosome"][i] in ("Y", "chrY", "24", "MT", "26"):
            continue
        if ours["status"][i] != 0:
            # plink2 reports diverging fits; we say separated, or that fewer than one copy is there.
            assert ours["status"][i] in (5, 6, 7), (name, ours["status"][i], row)
            untested += 1
            continue
        sign = 1 if row["A1"] == ours["effect_allele"][i] else -1
        picked.append(i)
        betas.append(sign * float(row["BETA"]))
        errors.append(float(row.get("SE", row.get("LOG(OR)_SE", "nan"))))
        ps.append(float(row["LOG10_P"]))
    betas, errors, ps = map(np.array, (betas, errors, ps))
    print(f"{trait}: {glm}, {untested} not tested by us")
    assert len(picked) > 50 and untested < 0.02 * len(picked) + 5
    # Six printed digits are 5e-6. plink2 fits logistic models in single precision and stops early, which
    # costs its standard errors another 4e-5; `wald` compares ours with double precision to 1e-7.
    relative = 6e-5 if glm.endswith("logistic") else 1.5e-5
    good = worst("beta", ours["beta"][picked], betas, 1.5e-5 * np.abs(betas) + relative / 3 * errors)
    good &= worst("standard_error", ours["standard_error"][picked], errors, relative * errors)
    good &= worst("neg_log10_p", ours["neg_log10_p"][picked], ps, 1e-4 * np.maximum(1, ps))
    assert good


def firth(path, trait, expected):
    """Standard errors from the information, or those that agree with the test, as the result has them."""
    ours = results(path, trait)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    picked, betas, errors, ps = [], [], [], []
    agreeing = path.startswith("kg/firth_ratio")
    for row in rows(expected, "\t"):
        i = index[row["snp"]]
        chi_square = float(row["chisq_plr"])
        if int(row["n"]) != ours["n"][i] or ours["status"][i] != 0 or (agreeing and chi_square < 1e-4):
            continue
        sign = 1 if row["effect_allele"] == ours["effect_allele"][i] else -1
        picked.append(i)
        betas.append(sign * float(row["beta"]))
        errors.append(abs(betas[-1]) / np.sqrt(chi_square) if agreeing else float(row["se"]))
        ps.append(-np.log10(float(row["p_plr"])))
    betas, errors, ps = map(np.array, (betas, errors, ps))
    print(f"{trait}: {expected}")
    assert len(picked) > 50
    good = worst("beta", ours["beta"][picked], betas, np.full(len(betas), 1e-5))
    # 1e-5; a chi-square near 0 is a difference of likelihoods, which have errors of 1e-10.
    allowed = (1e-5 + 1e-8 / (betas / errors) ** 2 if agreeing else 1e-5) * errors
    good &= worst("standard_error", ours["standard_error"][picked], errors, allowed)
    good &= worst("neg_log10_p", ours["neg_log10_p"][picked], ps, np.full(len(ps), 1e-5))
    assert good


def approximate(path, trait, exact):
    """Approximate Firth holds the covariates: near the exact test of the same variants, not equal to it."""
    ours, theirs = results(path, trait), results(exact, trait)
    picked = (ours["test"] == 6) & (theirs["status"] == 0)
    print(f"{trait}: approximate Firth against {exact}, {picked.sum()} variants")
    assert picked.sum() > 100
    # There are about 33 cases for the 8 coefficients that are held: effects shrink, p hardly changes.
    ratio = np.polyfit(theirs["beta"][picked], ours["beta"][picked], 1)[0]
    correlation = np.corrcoef(theirs["neg_log10_p"][picked], ours["neg_log10_p"][picked])[0, 1]
    print(f"  slope of beta {ratio:.4f}, correlation of neg_log10_p {correlation:.5f}")
    assert 0.8 < ratio < 1.01 and correlation > 0.99


def saddlepoint(path, trait, expected):
    """SPAtest: its normal approximation for others where carriers are few, all samples else; p to 1e-3."""
    ours = results(path, trait)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    n = int(ours["n"][0])
    picked, ps = [], []
    for row in rows(expected, "\t"):
        i = index[row["snp"]]
        fast, whole, normal = (row[c] for c in ("p_fastSPA_cut2", "p_SPA_cut0.1", "p_norm"))
        if ours["status"][i] != 0 or "NA" in (fast, whole):
            continue
        allele_count = min(ours["effect_allele_frequency"][i], 1 - ours["effect_allele_frequency"][i]) * 2 * n
        if n // 32 < allele_count < n // 8:
            continue  # few or many carriers: not known from the allele count alone
        picked.append(i)
        again = ours["test"][i] == 5
        assert again == (float(normal) < 0.0455002638963584), row
        ps.append(float(whole if allele_count > n // 8 and again else fast))
    ps = np.array(ps)
    again = ours["test"][picked] == 5
    print(f"{trait}: {expected}, {again.sum()} by saddle-point")
    assert again.sum() > 400
    assert worst("p", 10 ** -ours["neg_log10_p"][picked], ps, 1e-3 * ps)


def regenie_table(folder, out):
    """Traits and covariates of regenie's example; Y1 without the people that its second example removes."""
    tables = [{row["IID"]: row for row in rows(f"{folder}/{name}.txt")}
              for name in ("phenotype", "phenotype_bin", "covariates")]
    removed = {line.split()[1] for line in open(f"{folder}/fid_iid_to_remove.txt")}
    table = []
    for person, first in tables[0].items():
        disease = tables[1][person]["Y1"]
        table.append({"sample_id": person, "Y1": first["Y1"], "B1": disease, "B1kept": "NA" if person in removed else disease,
                      **{v: tables[2][person][v] for v in ("V1", "V2", "V3")}})
    write_csv(out, table)


def regenie(path, trait, expected, kind):
    """Step 2 of regenie on the same predictions. Its statistics have six printed digits."""
    ours = results(path, trait)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    picked, theirs = [], []
    for row in rows(expected, " "):
        i = index[row["ID"]]
        if ours["status"][i] != 0:
            continue
        sign = 1 if row["ALLELE1"] == ours["effect_allele"][i] else -1
        picked.append(i)
        theirs.append([sign * float(row["BETA"]), float(row["SE"]), float(row["LOG10P"])])
    beta, error, p = np.array(theirs).T
    b, e, q, test = (ours[c][picked] for c in ("beta", "standard_error", "neg_log10_p", "test"))
    print(f"{trait}: {expected}, {len(picked)} variants")
    if kind == "linear":
        # Its version 1 scales predictions by sd with n - 1, ours (and later ones) with n - C: 0.3 % of the
        # prediction. It tests with the variance of the null model over n - 1: chi-square = (n - 1) t^2/(t^2 + df).
        n, df = 500, 500 - 5
        chi_square = (n - 1) * (b / e) ** 2 / ((b / e) ** 2 + df)
        assert len(picked) > 400 and worst("beta", b, beta, np.full(len(b), 2e-4))
        assert worst("standard_error", abs(b) / np.sqrt(chi_square), error, 1e-3 * error)
        q = -(np.log(2) + stats.norm.logsf(np.sqrt(chi_square))) / np.log(10)
        assert worst("neg_log10_p", q, p, np.full(len(p), 0.005))
        return
    again = test == 6
    if kind == "score":  # version 1 takes covariates out of genotypes without weights in approximate Firth
        b, e, q, beta, error, p = (a[~again] for a in (b, e, q, beta, error, p))
        again = again[~again]
    assert len(b) > 400 and (kind == "score" or again.sum() > 5), (len(b), again.sum())
    good = worst("beta", b, beta, 5e-6 * (np.abs(beta) + error) + 1e-5 * again)
    good &= worst("standard_error", e, error, 5e-6 * error + 1e-5 * again)
    good &= worst("neg_log10_p", q, p, 5e-6 * np.maximum(1, p) + 1e-5 * again)
    assert good


def dosages(prefix, n, step):
    """ALT-free view of a bed file: (variant id, allele 1, copies of allele 1 with NaN) of every step-th variant."""
    bim = [line.split() for line in open(prefix + ".bim")]
    bed = np.fromfile(prefix + ".bed", np.uint8)[3:].reshape(len(bim), (n + 3) // 4)
    for v in range(0, len(bim), step):
        code = np.stack([bed[v] >> shift & 3 for shift in (0, 2, 4, 6)], 1).reshape(-1)[:n]
        yield bim[v][1], bim[v][4], np.array([2.0, np.nan, 1.0, 0.0])[code]


def wald(path, trait, prefix, table, *covariates):
    """Maximum likelihood in double precision, to 1e-7 of a standard error."""
    ours = results(path, trait)
    people = rows(table, ",")
    y = np.array([float(row[trait].replace("NA", "nan")) for row in people])
    kept, total = ~np.isnan(y), len(y)
    x = np.array([[1.0] + [float(row[c]) for c in covariates] for row in people])
    x, y = x[kept], y[kept]
    x[:, 1:] = (x[:, 1:] - x[:, 1:].mean(0)) / x[:, 1:].std(0)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    differences = []
    for name, allele, g in dosages(prefix, total, 97):
        i, g = index[name], g[kept]
        if ours["status"][i] != 0:
            continue
        if ours["effect_allele"][i] != allele:
            g = 2 - g
        design = np.column_stack([x, np.where(np.isnan(g), np.nanmean(g), g)])
        b = np.zeros(design.shape[1])
        for _ in range(40):
            mu = 1 / (1 + np.exp(-design @ b))
            information = design.T @ (design * (mu * (1 - mu))[:, None])
            b += np.linalg.solve(information, design.T @ (y - mu))
        se = np.sqrt(np.linalg.inv(information)[-1, -1])
        differences.append((abs(ours["beta"][i] - b[-1]) / se, abs(ours["standard_error"][i] / se - 1)))
    top = np.array(differences).max(0)
    print(f"{trait}: {len(differences)} logistic fits in double precision, largest differences {top}")
    assert len(differences) > 100 and (top < 1e-7).all()


def imputed(path, trait, prefix, table):
    """Least squares on the dosage with missing calls at the mean, from the bed file itself."""
    ours = results(path, trait)
    people = rows(table, ",")
    y = np.array([float(row[trait]) for row in people])
    covariate = np.array([float(row["stratum"]) for row in people])
    n = len(y)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    differences = []
    for name, allele, a1 in dosages(prefix, n, 41):
        i = index[name]
        if not np.isnan(a1).any() or ours["status"][i] != 0:
            continue
        g = a1 if ours["effect_allele"][i] == allele else 2 - a1
        g = np.where(np.isnan(g), np.nanmean(g), g)
        x = np.column_stack([np.ones(n), covariate, g])
        q, r = np.linalg.qr(x)
        b = np.linalg.solve(r, q.T @ y)
        rest = y - x @ b
        se = np.sqrt(rest @ rest / (n - 3)) / abs(r[2, 2])
        p = -(np.log(2) + stats.t.logsf(abs(b[2] / se), n - 3)) / np.log(10)
        differences.append((abs(ours["beta"][i] - b[2]) / se, abs(ours["standard_error"][i] / se - 1),
                            abs(ours["neg_log10_p"][i] - p)))
    top = np.array(differences).max(0)
    print(f"{trait}: {len(differences)} variants with missing calls, largest differences {top}")
    assert len(differences) > 100 and (top < [1e-6, 1e-7, 1e-6]).all()


{"join": join, "strata": strata, "hapmap": hapmap, "plink": plink, "firth": firth, "approximate": approximate, "regenie_table": regenie_table, "regenie": regenie,
 "saddlepoint": saddlepoint, "imputed": imputed, "wald": wald}[sys.argv[1]](*sys.argv[2:])

"""Compares results of the stage interaction with tables of R and of plink2."""
import csv, sys
import h5py, numpy as np


def rows(path):
    with open(path) as f:
        return list(csv.DictReader(f, delimiter="\t"))


def results(path, trait):
    with h5py.File(path) as f:
        table = {name: f[f"traits/{trait}/{name}"][:] for name in f[f"traits/{trait}"] if name != "row"}
        for name in ("variant_id", "effect_allele"):
            table[name] = f[f"variants/{name}"].asstr()[:]
    return table


def worst(name, ours, theirs, allowed):
    ratio = np.abs(ours - theirs) / allowed
    i = int(np.argmax(ratio))
    print(f"  {name}: {len(ours)} compared, largest difference {abs(ours[i] - theirs[i]):.3g}, "
          f"{ratio[i]:.2g} of what is allowed")
    return ratio[i] <= 1


def r(path, table):
    """1e-6 relative for effects (in standard errors) and errors; logistic fits of R end at 1e-14 deviance."""
    good = True
    theirs = rows(table)
    for trait in sorted({row["trait"] for row in theirs}):
        ours = results(path, trait)
        index = {name: i for i, name in enumerate(ours["variant_id"])}
        mine = [(index[row["id"]], row) for row in theirs if row["trait"] == trait]
        tested = [(i, row) for i, row in mine if ours["status"][i] == 0]
        assert all(ours["status"][i] in (0, 4, 7, 21) for i, _ in mine)
        assert all(int(row["n"]) == ours["n"][i] for i, row in tested)
        assert all(row["allele"] == ours["effect_allele"][i] for i, row in tested)
        print(f"{table} {trait}: {len(tested)} of {len(mine)} tested")
        assert len(tested) > 0.4 * len(mine) and len(tested) > 50
        picked = np.array([i for i, _ in tested])
        value = lambda name: np.array([float(row[name]) for _, row in tested])
        for beta, error in (("beta", "standard_error"), ("beta_interaction", "standard_error_interaction")):
            good &= worst(beta, ours[beta][picked], value(beta), 1e-6 * value(error))
            for name in (error, error + "_robust"):
                good &= worst(name, ours[name][picked], value(name), 1e-6 * value(name))
        scale = value("standard_error_robust") * value("standard_error_interaction_robust")
        good &= worst("covariance_robust", ours["covariance_robust"][picked], value("covariance_robust"), 2e-6 * scale)
        effective = value("effective_samples")
        good &= worst("effective_samples", ours["effective_samples"][picked], effective, 1e-6 * effective)
        for name in ("neg_log10_p_model", "neg_log10_p", "neg_log10_p_joint"):
            good &= worst(name, ours[name][picked], value(name), 1e-5 * np.maximum(1, value(name)))
    assert good


def plink(path, glm, environment):
    """Errors of the model; plink2 leaves samples with a missing call out, so such variants are not compared."""
    trait = glm.split(".")[-3]
    ours = results(path, trait)
    index = {name: i for i, name in enumerate(ours["variant_id"])}
    pairs = {}
    for row in rows(glm):
        if row["TEST"] in ("ADD", "ADDx" + environment) and row["BETA"] != "NA":
            pairs.setdefault(row["ID"], {})[row["TEST"]] = row
    picked, theirs = [], {"main": [], "main_error": [], "product": [], "error": [], "p": []}
    for name, tests in pairs.items():
        i = index[name]
        if len(tests) < 2 or ours["status"][i] != 0 or int(tests["ADD"]["OBS_CT"]) != ours["n"][i]:
            continue
        sign = 1 if tests["ADD"]["A1"] == ours["effect_allele"][i] else -1
        main, product = tests["ADD"], tests["ADDx" + environment]
        error = "SE" if "SE" in main else "LOG(OR)_SE"
        picked.append(i)
        theirs["main"].append(sign * float(main["BETA"]))
        theirs["main_error"].append(float(main[error]))
        theirs["product"].append(sign * float(product["BETA"]))
        theirs["error"].append(float(product[error]))
        theirs["p"].append(float(product["LOG10_P"]))
    theirs = {name: np.array(values) for name, values in theirs.items()}
    print(f"{glm}: {len(picked)} variants")
    assert len(picked) > 1000
    # plink2 fits logistic models in single precision and stops early; linear ones lose digits where
    # the environment is far from 0.
    relative = 2e-4 if glm.endswith("logistic") else 1e-5
    good = worst("beta", ours["beta"][picked], theirs["main"], 1e-5 * np.abs(theirs["main"]) + relative * theirs["main_error"])
    good &= worst("standard_error", ours["standard_error"][picked], theirs["main_error"], relative * theirs["main_error"])
    good &= worst("beta_interaction", ours["beta_interaction"][picked], theirs["product"],
                  1e-5 * np.abs(theirs["product"]) + relative * theirs["error"])
    good &= worst("standard_error_interaction", ours["standard_error_interaction"][picked], theirs["error"],
                  relative * theirs["error"])
    good &= worst("neg_log10_p_model", ours["neg_log10_p_model"][picked], theirs["p"], relative * np.maximum(1, theirs["p"]))
    assert good


{"r": r, "plink": plink}[sys.argv[1]](*sys.argv[2:])

"""pgs_regression_compare.py dense|glmnet RESULT GENOTYPES TRAITS POWER FOLDER

dense: ridge and Haseman-Elston regression against numpy, and writes the tasks for glmnet. glmnet: elastic nets against its coefficients, by
coefficient, objective and optimality conditions."""
import csv
import os
import sys

import h5py
import numpy as np

mode, result, genotypes, traits, power, folder = sys.argv[1:]
power = float(power)


def read_bed(prefix):
    ids = [line.split()[1] for line in open(prefix + ".fam")]
    variants = [line.split() for line in open(prefix + ".bim")]
    raw = np.fromfile(prefix + ".bed", np.uint8)[3:].reshape(len(variants), -1)
    code = (raw[:, :, None] >> np.array([0, 2, 4, 6]) & 3).reshape(len(variants), -1)[:, :len(ids)]
    return ids, variants, np.array([2.0, np.nan, 1.0, 0.0])[code]


ids, variants, copies = read_bed(genotypes)
table = {row["sample_id"]: row for row in csv.DictReader(open(traits))}
f = h5py.File(result)
text = lambda name: [v.decode() for v in f[name][:]]
assert text("samples/sample_id") == ids
part = np.array(text("samples/part"))
used, training, validating = part != "none", part == "training", part == "validating"
assert 0.1 < validating.sum() / used.sum() < 0.3

# The columns of the model.
frequency = np.nanmean(copies[:, used], axis=1) / 2
keep = np.minimum(frequency, 1 - frequency) >= 0.01
frequency, copies, variants = frequency[keep], copies[keep], [v for v, k in zip(variants, keep) if k]
scale = (2 * frequency * (1 - frequency)) ** (-power / 2)
z = np.nan_to_num((copies - 2 * frequency[:, None]) / scale[:, None], nan=0.0)
assert f.attrs["variants_used"] == len(variants)
names = ["age", "sex", "pc1", "pc2"]
covariates = np.array([[float(table[i][c]) for c in names] for i in ids]).T
covariates = (covariates - covariates[:, training].mean(axis=1, keepdims=True)) / covariates[:, training].std(axis=1, keepdims=True)
tasks = {"qt": "gaussian", "cc": "binomial", "death": "cox"}
column = lambda name: np.array([float(table[i][name]) for i in ids])
place = {v[1]: k for k, v in enumerate(variants)}
position = {(v[0], int(v[3]), v[1]): k for k, v in enumerate(variants)}
fits = {(t, m): k for k, (t, m) in enumerate(zip(text("fits/trait"), text("fits/method")))}
alphas = {"elastic_net_1": 1.0, "elastic_net_0.4": 0.4}


def weights(trait, method):
    """Coefficients of z, in trait units; copies of ALT are counted here (allele 1 of the .bim is ALT)."""
    out = np.zeros(len(variants))
    group = f["weights/" + trait]
    for identifier, allele, w in zip(group["variant_id"][:], group["effect_allele"][:], group["weight_" + method][:]):
        k = place[identifier.decode()]
        out[k] = w * scale[k] * (1 if allele.decode() == variants[k][4] else -1)
    return out


def outcome(trait):
    if trait == "death":
        return np.column_stack([column("time"), column("status")])
    y = column(trait)
    return (y / y[training].std() if trait == "qt" else y)[:, None]


def unit(trait):
    return column(trait)[training].std() if trait == "qt" else 1.0


def gradient(trait, eta):
    """Of the log-likelihood by eta, and the log-likelihood, in training people."""
    y = outcome(trait)[training]
    if trait == "qt":
        r = y[:, 0] - eta
        return r, -(r ** 2).sum() / 2
    if trait == "cc":
        return y[:, 0] - 1 / (1 + np.exp(-eta)), (y[:, 0] * eta - np.logaddexp(0, eta)).sum()
    time, event = y.T
    r, value = event.copy(), 0.0
    for t in np.unique(time[event == 1]):
        at_risk, deaths = time >= t, ((time == t) & (event == 1))
        total = np.exp(eta[at_risk]).sum()
        r[at_risk] -= deaths.sum() * np.exp(eta[at_risk]) / total
        value += eta[deaths].sum() - deaths.sum() * np.log(total)
    return r, value


def check_ridge():
    zt = z[:, training]
    for trait in ("qt", "cc"):
        y = outcome(trait)[training, 0]
        q, _ = np.linalg.qr(np.column_stack([np.ones(training.sum()), covariates[:, training].T]))
        project = lambda m: m - q @ (q.T @ m)
        k = project(project(zt.T @ zt).T)
        free = len(y) - q.shape[1]
        trace = np.trace(k) / free
        k /= trace
        y = project(y)
        spread = np.sqrt(y @ y / free)
        gap = (k ** 2).sum() - free
        exact = ((y @ k @ y) / spread ** 2 - free) / gap
        row = text("traits/trait").index(trait)
        h = f["traits/heritability"][row]
        # 300 probes: tr K^2 has a standard error of sqrt(2 tr K^4 / 300).
        error = abs(exact) * np.sqrt(2 * (np.linalg.matrix_power(k, 2) ** 2).sum() / 300) / gap
        assert abs(h - exact) < 5 * error + 1e-9, (trait, h, exact, error)
        assert abs(f["traits/heritability_standard_error"][row] / np.sqrt(2 / gap) - 1) < 0.1
        used_h = f["fits/heritability"][fits[trait, "ridge"]]
        assert used_h == min(max(h, 0.01), 0.99)
        a = np.linalg.solve(k + (1 - used_h) / used_h * np.eye(len(y)), y)
        expected = zt @ project(a) / trace * unit(trait)
        found = weights(trait, "ridge")
        # Residual of the system 1e-8, eigenvalues of the system at least (1 - h) / h; products in 32-bit fixed point.
        worst = np.abs(found - expected).max() / np.abs(expected).max()
        print("ridge", trait, "h2 %.3f" % used_h, "largest difference over the largest effect %.1e" % worst)
        assert worst < 1e-6, worst


def check_net(trait, method):
    k = fits[trait, method]
    if text("fits/status")[k] == "empty":
        return print(trait, method, "selects nothing"), 0
    assert text("fits/status")[k] == "found"
    lam, alpha, n = f["fits/lambda"][k], alphas[method], training.sum()
    with open(f"{folder}/{trait}.{method}/coefficients.csv") as lines:
        peer = np.array([float(line) for line in lines])
    b = weights(trait, method) / unit(trait)
    x = z[:, training]

    def profile(b):
        """Covariates by Newton's method, with numerical care for nothing: they are few and well scaled."""
        c = np.column_stack([np.ones(n), covariates[:, training].T])[:, (1 if trait == "death" else 0):]
        g = peer[(1 if trait == "death" else 0):1 + len(names)].copy()
        for _ in range(50):
            r, value = gradient(trait, b @ x + c @ g)
            step = np.linalg.lstsq(c.T @ (c * curvature(trait, b @ x + c @ g)[:, None]), c.T @ r, rcond=None)[0]
            g += step
            if np.abs(step).max() < 1e-13:
                break
        return gradient(trait, b @ x + c @ g)

    def curvature(trait, eta):
        if trait == "qt":
            return np.ones(n)
        if trait == "cc":
            p = 1 / (1 + np.exp(-eta))
            return p * (1 - p)
        return outcome(trait)[training, 1] - gradient(trait, eta)[0] + 1e-9

    def objective(b):
        return -profile(b)[1] / n + lam * (alpha * np.abs(b).sum() + (1 - alpha) / 2 * (b ** 2).sum())

    r, _ = profile(b)
    g = x @ r / n - lam * (1 - alpha) * b
    breach = np.where(b == 0, np.abs(g) - lam * alpha, np.abs(g - np.sign(b) * lam * alpha)).max() / lam
    theirs = peer[1 + len(names):]
    ahead = objective(theirs) - objective(b)
    worst = np.abs(b - theirs).max() / np.abs(theirs).max()
    print(trait, method, "lambda %.4f, %d variants; breach / lambda %.1e, objective of glmnet - ours %.1e, largest difference %.1e" %
          (lam, (b != 0).sum(), breach, ahead, worst))
    assert breach < 1e-6 and ahead > -1e-12 and worst < 1e-4, "differs"


if mode == "dense":
    check_ridge()
    for trait, family in tasks.items():
        for method, alpha in alphas.items():
            k = fits[trait, method]
            task = f"{folder}/{trait}.{method}"
            os.makedirs(task, exist_ok=True)
            rows = np.array([m == method and t == trait for t, m in zip(text("path/trait"), text("path/method"))])
            steps = f["path/lambda"][:][rows]
            chosen = int(np.argmax(f["path/chosen"][:][rows]))
            assert (f["path/violation"][:][rows] <= 1e-8).all()
            np.savetxt(task + "/x.csv", np.vstack([covariates, z])[:, training].T, delimiter=",", fmt="%.17g")
            np.savetxt(task + "/y.csv", outcome(trait)[training], delimiter=",", fmt="%.17g")
            with open(task + "/task.csv", "w") as out:
                print("family,alpha,covariates,lambda", file=out)
                for value in steps[:chosen + 1]:
                    print(f"{family},{alpha},{len(names)},{value!r}".replace("np.float64(", "").replace(")", ""), file=out)
else:
    for trait in tasks:
        for method in alphas:
            check_net(trait, method)

"""susie_compare.py DATA PROGRAM: sums of single effects against susieR's and PolyFun's results."""
import gzip, subprocess, sys
import numpy as np

data, program = sys.argv[1:]


def table(path, skip_columns=0):
    with gzip.open(path, 'rt') if path.endswith('.gz') else open(path) as f:
        rows = [line.split() for line in f]
    return rows[0], rows[1:]


def fit(products, yy, samples, correlation, effects=10, estimated=True, prior=None):
    m = len(products)
    prior = np.ones(m) if prior is None else prior
    with open('input.txt', 'w') as f:
        f.write(f'{m} {samples} {yy!r} {effects} {int(estimated)}\n')
        for values in (products, prior, correlation.ravel()):
            f.write(' '.join(repr(float(v)) for v in values) + '\n')
    found = {'set': [], 'pip': []}
    for line in subprocess.run([program, 'input.txt'], check=True, capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if words[0] == 'fit':
            found['sigma2'], found['elbo'] = float(words[1]), float(words[2])
            found['iterations'], found['converged'] = int(words[3]), words[4] == '1'
        elif words[0] == 'set':
            found['set'].append((float(words[1]), float(words[2]), words[3:]))
        else:
            found['pip'].append(float(words[1]))
    return found


def near(what, ours, theirs, tolerance):
    gap = np.max(np.abs(np.asarray(ours, float) - np.asarray(theirs, float)))
    print(f'{what}: largest difference {gap:.2e}')
    assert gap <= tolerance, (what, gap)


folder = f'{data}/susie_n3'
_, rows = table(f'{folder}/X_standardised.tsv.gz')
x = np.array([[float(v) for v in row[1:]] for row in rows])
_, rows = table(f'{folder}/Y.tsv')
traits = np.array([[float(v) for v in row[1:]] for row in rows])
n, m = x.shape
x = x - x.mean(0)
x /= np.sqrt((x ** 2).sum(0) / (n - 1))
correlation = x.T @ x / (n - 1)
for k in (1, 2):
    y = traits[:, k - 1] - traits[:, k - 1].mean()
    products, yy = x.T @ y, float(y @ y)
    r = products / np.sqrt((n - 1) * yy)
    z = r * np.sqrt((n - 2) / (1 - r ** 2))
    header, pips = table(f'{folder}/expected_susieR_0.12.35_pip_Y{k}.tsv')
    _, sets = table(f'{folder}/expected_susieR_cs_Y{k}.tsv')
    _, fits = table(f'{folder}/expected_susieR_fit_Y{k}.tsv')
    adjusted = np.sqrt(n - 1) * z * np.sqrt((n - 1) / (z ** 2 + n - 2))
    for name, column, found in (
            ('susie', 'pip_susie', fit(products, yy, n, correlation)),
            ('rss_estresvar', 'pip_rss_estresvar', fit(adjusted, n - 1, n, correlation)),
            ('rss_default', 'pip_rss_default', fit(adjusted, n - 1, n, correlation, estimated=False))):
        near(f'Y{k} {name} probabilities', found['pip'], [float(row[header.index(column)]) for row in pips], 1e-8)
        theirs = next(row for row in fits if row[0] == name)
        near(f'Y{k} {name} residual variance', found['sigma2'], theirs[1], 1e-7)
        near(f'Y{k} {name} bound', found['elbo'], theirs[2], 1e-6)
        assert found['iterations'] == int(theirs[3]) and found['converged']
        expected = [row for row in sets if row[0] == name]
        assert [s[2] for s in found['set']] == [row[2].split(',') for row in expected], (k, name)
        near(f'Y{k} {name} purity', [s[0] for s in found['set']], [row[3] for row in expected], 1e-9)
        near(f'Y{k} {name} coverage', [s[1] for s in found['set']], [row[5] for row in expected], 1e-8)

# PolyFun: five effects, prior chances by SNPVAR, LD of the panel with missing genotypes at their mean.
folder = f'{data}/polyfun_finemap'
with open(f'{folder}/chr1.bim') as f:
    panel = [line.split() for line in f]
samples = sum(1 for _ in open(f'{folder}/chr1.fam'))
raw = np.frombuffer(open(f'{folder}/chr1.bed', 'rb').read()[3:], np.uint8).reshape(len(panel), -1)
codes = np.stack([raw >> s & 3 for s in (0, 2, 4, 6)], -1).reshape(len(panel), -1)[:, :samples]
copies = np.array([2, np.nan, 1, 0])[codes]  # of the first allele of the .bim
copies -= np.nanmean(copies, 1, keepdims=True)
copies = np.nan_to_num(copies)
place = {row[1]: v for v, row in enumerate(panel)}
header, rows = table(f'{folder}/chr1.finemap_sumstats.txt.gz')
of = {name: header.index(name) for name in header}
rows = [row for row in rows if 46000001 <= int(row[of['BP']]) <= 49000001]
picked, sign = [], []
for row in rows:
    v = place[row[of['SNP']]]
    assert {row[of['A1']], row[of['A2']]} == set(panel[v][4:6])
    picked.append(v)
    sign.append(1.0 if row[of['A1']] == panel[v][4] else -1.0)
g = copies[picked] * np.array(sign)[:, None]
g /= np.sqrt((g ** 2).sum(1, keepdims=True))
z = np.array([float(row[of['Z']]) for row in rows])
n = int(rows[0][of['N']])
found = fit(np.sqrt(n - 1) * z * np.sqrt((n - 1) / (z ** 2 + n - 2)), n - 1, n, g @ g.T, effects=5,
            prior=np.array([float(row[of['SNPVAR']]) for row in rows]))
header, theirs = table(f'{folder}/expected_finemap_susie.1.46000001.49000001.gz')
expected = {row[header.index('SNP')]: row for row in theirs}
names = [row[of['SNP']] for row in rows]
assert set(names) == set(expected)
ours = sorted(sorted(names[int(v) - 1] for v in s[2]) for s in found['set'])
sets = {}
for s, row in expected.items():
    sets.setdefault(row[header.index('CREDIBLE_SET')], []).append(s)
sets.pop('0')
assert ours == sorted(sorted(s) for s in sets.values()), (ours, sets)
inside = [v for v, s in enumerate(names) if any(s in one for one in ours)]
near('PolyFun probabilities in credible sets', [found['pip'][v] for v in inside],
     [float(expected[names[v]][header.index('PIP')]) for v in inside], 0.02)

"""Helper of loci.sh.

join PHENO COVAR OUT              one table of traits and covariates
table FAM OUT                     the phenotype of a .fam file as trait y
clumps LOCI LIST                  the index variants are those of the list
replace ASSOCIATION P             puts published p-values in place of ours
kept LOCI INDICES                 the index variants are those rows, from 1
vcf FOLDER VCF TABLE              susieR's example as dosages
susie LOCI FOLDER                 its published probabilities and credible sets
plant BED TABLE                   traits of two causal variants and two covariates
signals LOCI PREFIX TABLE         writes genotypes.csv and signals.csv for R
design LOCI BED                   writes genotypes.csv and sets.csv for R
"""
import gzip, sys
import h5py
import numpy as np


def lines(path):
    with gzip.open(path, 'rt') if path.endswith('.gz') else open(path) as f:
        return [line.split() for line in f]


def column(group, name):
    values = group[name][()]
    return [v.decode() for v in values] if values.dtype.kind in 'SO' else values


def read_bed(prefix):
    """Copies of the allele that the store calls ALT (the first of the .bim), NaN where missing, [variant][sample]."""
    bim, fam = lines(prefix + '.bim'), lines(prefix + '.fam')
    raw = np.frombuffer(open(prefix + '.bed', 'rb').read()[3:], np.uint8).reshape(len(bim), -1)
    codes = np.stack([raw >> s & 3 for s in (0, 2, 4, 6)], -1).reshape(len(bim), -1)[:, :len(fam)]
    return np.array([2, np.nan, 1, 0])[codes], [row[1] for row in fam]


def write_genotypes(copies, samples, rows, path='genotypes.csv'):
    g = copies[rows]
    with open(path, 'w') as f:
        f.write(','.join(['sample_id'] + [f'v{r}' for r in rows]) + '\n')
        for i, sample in enumerate(samples):
            f.write(','.join([sample] + ['NA' if np.isnan(v) else str(int(v)) for v in g[:, i]]) + '\n')


def join(pheno, covar, out):
    traits, covariates = lines(pheno), lines(covar)
    with open(out, 'w') as f:
        for a, b in zip(traits, covariates):
            assert a[:2] == b[:2]
            f.write(','.join(['sample_id' if a[1] == 'IID' else a[1]] + ['' if v == 'NA' else v for v in a[2:] + b[2:]]) + '\n')


def table(fam, out):
    with open(out, 'w') as f:
        f.write('sample_id,y\n')
        for row in lines(fam):
            f.write(f'{row[1]},{int(row[5]) - 1}\n')


def clumps(path, expected):
    with h5py.File(path) as f:
        ours = set(column(f['clumps'], 'variant_id'))
    theirs = {row[0] for row in lines(expected) if row}
    print(f'{len(ours)} clumps, {len(theirs)} of PLINK 1.9, {len(ours & theirs)} the same')
    assert ours == theirs, (sorted(ours - theirs), sorted(theirs - ours))


def replace(path, published):
    p = np.array([float(row[1]) for row in lines(published)[1:]])
    with h5py.File(path, 'r+') as f:
        stored = f['traits/y/neg_log10_p']
        assert len(stored) == len(p)
        stored[...] = -np.log10(p)


def kept(path, expected):
    with h5py.File(path) as f:
        ours = set(f['clumps/variant'][()] + 1)
    theirs = {int(row[0]) for row in lines(expected)[1:]}
    overlap = len(ours & theirs) / len(ours | theirs)
    print(f'{len(ours)} clumps, {len(theirs)} of bigsnpr, overlap {overlap:.4f}')
    assert overlap > 0.99, (sorted(ours - theirs), sorted(theirs - ours))


def vcf(folder, out, traits):
    rows = lines(f'{folder}/X_standardised.tsv.gz')[1:]
    x = np.array([[float(v) for v in row[1:]] for row in rows])
    truth = lines(f'{folder}/variants_truth.tsv')
    names = truth[0]
    af = np.array([float(row[names.index('af')]) for row in truth[1:]])
    dosages = x + 2 * af
    assert dosages.min() > -1e-9 and dosages.max() < 2 + 1e-9
    with open(out, 'w') as f:
        f.write('##fileformat=VCFv4.2\n##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">\n##contig=<ID=1>\n')
        f.write('\t'.join('#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT'.split() + [f's{i}' for i in range(len(x))]) + '\n')
        for v, row in enumerate(truth[1:]):
            f.write('\t'.join(['1', row[names.index('pos')], row[0], 'A', 'C', '.', '.', '.', 'DS'] +
                              [f'{abs(d):.8f}' for d in dosages[:, v]]) + '\n')
    with open(traits, 'w') as f:
        f.write('sample_id,Y1,Y2\n')
        for i, row in enumerate(lines(f'{folder}/Y.tsv')[1:]):
            f.write(f's{i},{row[1]},{row[2]}\n')


def near(what, ours, theirs, tolerance):
    gap = float(np.max(np.abs(np.asarray(ours, float) - np.asarray(theirs, float))))
    print(f'{what}: largest difference {gap:.2e}')
    assert gap <= tolerance, (what, gap)


def susie(path, folder):
    with h5py.File(path) as f:
        trait = np.array(column(f['variants'], 'trait'))
        ids, pip = np.array(column(f['variants'], 'variant_id')), f['variants/pip'][()]
        member = f['variants/credible_set'][()]
        for name in ('Y1', 'Y2'):
            here = trait == name
            theirs = {row[0]: float(row[1]) for row in lines(f'{folder}/expected_susieR_0.12.35_pip_{name}.tsv')[1:]}
            assert set(ids[here]) == set(theirs)
            near(f'{name} probabilities', pip[here], [theirs[v] for v in ids[here]], 1e-3)
            sets = [row for row in lines(f'{folder}/expected_susieR_cs_{name}.tsv') if row[0] == 'susie']
            for k, row in enumerate(sets, 1):
                assert {v[1:] for v in ids[here & (member == k)]} == set(row[2].split(',')), (name, k)
            assert member[here].max() == len(sets)
            at = column(f['loci'], 'trait').index(name)
            fit = next(row for row in lines(f'{folder}/expected_susieR_fit_{name}.tsv') if row[0] == 'susie')
            near(f'{name} bound', f['loci/elbo'][at], fit[2], 1e-2)
            near(f'{name} residual variance', f['loci/residual_variance'][at], fit[1], 1e-3)


def plant(bed, out):
    copies, samples = read_bed(bed[:-4])
    noise = np.random.default_rng(5)
    called = np.where(np.isnan(copies), np.nanmean(copies, 1, keepdims=True), copies)
    frequency = called.mean(1) / 2
    common = np.flatnonzero((frequency > 0.2) & (frequency < 0.8))
    causal = called[[common[len(common) // 3], common[len(common) // 2]]]
    age, pc = noise.normal(50, 9, len(samples)), noise.normal(size=len(samples))
    signal = 0.5 * causal[0] - 0.45 * causal[1] + 0.02 * age + 0.2 * pc
    q = signal + noise.normal(size=len(samples))
    b = 1.6 * (signal - signal.mean()) + noise.logistic(size=len(samples)) > 0
    q[::37] = np.nan
    with open(out, 'w') as f:
        f.write('sample_id,q,b,age,pc\n')
        for i, sample in enumerate(samples):
            value = '' if np.isnan(q[i]) else repr(float(q[i]))
            f.write(f'{sample},{value},{int(b[i])},{float(age[i])!r},{float(pc[i])!r}\n')


def signals(path, prefix, traits):
    copies, samples = read_bed(prefix)
    with h5py.File(path) as f:
        group = f['signals']
        names = list(group)
        table = {name: column(group, name) for name in names if isinstance(group[name], h5py.Dataset) and group[name].ndim == 1}
        steps = table['step']
        assert steps.max() > 1, 'no locus has a second signal'
        columns = ['trait', 'locus', 'variant', 'step'] + [n for n in table if n.endswith(('beta', 'standard_error', 'neg_log10_p'))]
        with open('signals.csv', 'w') as out:
            out.write(','.join(columns) + '\n')
            for k in range(len(steps)):
                out.write(','.join(repr(float(table[c][k])) if not isinstance(table[c][k], str) and c not in ('variant', 'step')
                                   else str(table[c][k]) for c in columns) + '\n')
        rows = sorted({int(v) for v in table['variant']})
    write_genotypes(copies, samples, rows)


def design(path, bed):
    copies, samples = read_bed(bed[:-4])
    with h5py.File(path) as f:
        group = f['variants']
        trait, locus = column(group, 'trait'), column(group, 'locus')
        rows, pip, member = group['variant'][()], group['pip'][()], group['credible_set'][()]
        assert set(trait) == {'q', 'b'} and member.max() >= 1
        with open('sets.csv', 'w') as out:
            out.write('trait,locus,variant,pip,credible_set\n')
            for k in range(len(rows)):
                out.write(f'{trait[k]},{locus[k]},{rows[k]},{float(pip[k])!r},{member[k]}\n')
    write_genotypes(copies, samples, sorted({int(v) for v in rows}))


globals()[sys.argv[1]](*sys.argv[2:])

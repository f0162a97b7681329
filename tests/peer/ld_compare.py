"""Compares ld.h5 with plink2 and published values; called by ld.sh."""
import gzip
import sys

import h5py
import numpy as np


def texts(column):
    return [value.decode() for value in column[:]]


def read_set(path):
    opener = gzip.open if path.endswith('.gz') else open
    with opener(path, 'rt') as file:
        return {line.strip() for line in file if line.strip()}


def same_set(result, prune_in):
    """The kept variants are exactly those of --indep-pairwise."""
    with h5py.File(result) as file:
        table = file['variants']
        ids = texts(table['variant_id'])
        kept = {name for name, flag in zip(ids, table['kept'][:]) if flag}
        assert len(set(ids)) == len(ids), 'identifiers must be unique for this comparison'
        assert file.attrs['kept'] == len(kept)
    expected = read_set(prune_in)
    both, ours, theirs = len(kept & expected), len(kept - expected), len(expected - kept)
    print(f'{prune_in}: {both} kept by both, {ours} only here, {theirs} only there')
    assert ours == 0 and theirs == 0


def published_scores(result, table, tolerance):
    """LD scores against a table of exact windows: SNP, L2_exact."""
    with h5py.File(result) as file:
        rows = file['variants']
        ours = dict(zip(texts(rows['variant_id']), rows['ld_score'][:]))
    with gzip.open(table, 'rt') as file:
        header = file.readline().split('\t')
        name, value = header.index('SNP'), header.index('L2_exact')
        expected = {fields[name]: float(fields[value]) for fields in map(lambda line: line.split('\t'), file)}
    assert set(ours) == set(expected), (len(ours), len(expected))
    worst = max(abs(ours[key] - expected[key]) for key in expected)
    print(f'{len(expected)} LD scores, largest difference {worst:.2e}')
    assert worst <= float(tolerance)


def read_bed(prefix):
    """[variant, sample] ALT copies (second allele column minus the first), NaN = missing."""
    with open(prefix + '.fam') as file:
        samples = sum(1 for _ in file)
    raw = np.fromfile(prefix + '.bed', np.uint8)[3:].reshape(-1, (samples + 3) // 4)
    codes = np.stack([raw >> shift & 3 for shift in (0, 2, 4, 6)], -1).reshape(len(raw), -1)[:, :samples]
    return np.array([2, np.nan, 1, 0])[codes]


def blocks(result, prefix, most):
    """Matrices against numpy on mean-imputed counts, to half a unit of 1/32767 and rounding; the block map covers
    all candidates once."""
    copies = read_bed(prefix)
    seen = []
    worst = 0
    with h5py.File(result) as file:
        table = file['blocks']
        candidates = ~np.isin(np.array(texts(file['variants/reason'])), ['chromosome', 'low_minor_allele_frequency'])
        for block in table['block_number'][:]:
            group = file[f'matrices/{block:06d}']
            rows, matrix = group['row'][:], group['r'][:]
            assert matrix.dtype == np.int16 and matrix.shape == (len(rows),) * 2
            assert len(rows) == table['variants'][block] <= int(most)
            seen.extend(rows)
            x = copies[rows]
            x = np.where(np.isnan(x), np.nanmean(x, 1, keepdims=True), x)
            worst = max(worst, np.abs(np.corrcoef(x) * 32767 - matrix).max())
        assert seen == list(np.flatnonzero(candidates)), 'blocks do not cover the candidates in order'
        print(f'{len(table["variants"])} blocks of {len(seen)} variants, largest difference {worst:.3f}/32767')
    assert worst < 0.5 + 1e-6


if __name__ == '__main__':
    {'same': same_set, 'scores': published_scores, 'blocks': blocks}[sys.argv[1]](*sys.argv[2:])

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


if __name__ == '__main__':
    {'same': same_set}[sys.argv[1]](*sys.argv[2:])

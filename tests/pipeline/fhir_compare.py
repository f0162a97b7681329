"""Fails unless the traits and covariates of two phenotypes.h5 are the same, value by value. Usage: fhir_compare.py A B"""
import sys

import h5py
import numpy


def tables(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, node: found.update({name: node[:]})
                     if isinstance(node, h5py.Dataset) and not name.startswith("provenance") else None)
    return found


a, b = map(tables, sys.argv[1:])
assert a.keys() == b.keys(), a.keys() ^ b.keys()
compared = filled = 0
for name, left in a.items():
    right = b[name]
    numbers = left.dtype.kind == "f"
    assert left.shape == right.shape, name
    assert numpy.array_equal(left, right, equal_nan=True) if numbers else numpy.array_equal(left, right), name
    compared += 1
    filled += int(numpy.isfinite(left).sum()) if numbers else 0
assert compared > 5 and filled > 1000, (compared, filled)
print(f"{compared} arrays are the same")

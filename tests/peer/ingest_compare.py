#!/usr/bin/python3
"""Genotype stores against plink2 --geno-counts, and against each other.

counts STORE GCOUNT   every count of every variant is equal
same STORE STORE...   calls, positions and alleles are equal
"""
import sys

import h5py
import numpy


def text(values):
    return [v.decode().rstrip("\0") for v in values]


def carriers(data, samples):
    """Calls of one carrier list: LEB128 of (gap << 2 | call)."""
    calls = numpy.zeros(samples, "u1")
    value = shift = position = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            position += value >> 2
            calls[position] = value & 3
            position += 1
            value = shift = 0
    return calls


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.index = h5py.File(folder + "/index.h5", "r")
        self.samples = self.index["samples/sample_id"].shape[0]
        self.block = int(self.index.attrs["block_variants"])
        table = self.index["variants"]
        self.sites = list(zip(table["base_pair_location"][:].tolist(), text(table["other_allele"][:]),
                              text(table["effect_allele"][:])))

    def calls(self):
        """One row of calls per variant: 0, 1, 2 copies of ALT, 3 missing."""
        parts = self.index["parts"]
        for name, segment, variants in zip(text(parts["file"][:]), parts["segment"][:], parts["variants"][:]):
            with h5py.File(f"{self.folder}/{name}", "r") as part:
                group = part[f"segments/{segment:06d}"]
                data, offset = group["bytes"][:], group["block_offset"][:]
            for b in range(len(offset) - 1):
                count = int(min(self.block, variants - b * self.block))
                block = data[offset[b]:offset[b + 1]]
                place = 4 * count
                for entry in block[:place].view("<u4").tolist():
                    row = block[place:place + (entry >> 1)]
                    place += entry >> 1
                    if entry & 1:
                        yield carriers(row.tolist(), self.samples)
                    else:
                        yield (row[:, None] >> numpy.array([0, 2, 4, 6]) & 3).astype("u1").ravel()[:self.samples]


def counts(folder, gcount):
    store = Store(folder)
    with open(gcount) as file:
        header = file.readline().lstrip("#").split()
        rows = [dict(zip(header, line.split())) for line in file]
    assert len(rows) == len(store.sites), (len(rows), len(store.sites))
    for number, (row, site, calls) in enumerate(zip(rows, store.sites, store.calls())):
        assert (row["REF"], row["ALT"]) == site[1:], (number, row, site)
        ours = numpy.bincount(calls, minlength=4).tolist()
        theirs = [int(row["HOM_REF_CT"]) + int(row["HAP_REF_CT"]), int(row["HET_REF_ALT_CTS"]),
                  int(row["TWO_ALT_GENO_CTS"]) + int(row["HAP_ALT_CTS"]), int(row["MISSING_CT"])]
        assert ours == theirs, (number, site, ours, theirs)
    print(f"{len(rows)} variants: all counts equal")


def same(first, *others):
    reference = Store(first)
    for folder in others:
        other = Store(folder)
        assert reference.sites == other.sites, folder
        for number, (a, b) in enumerate(zip(reference.calls(), other.calls())):
            assert numpy.array_equal(a, b), (folder, number, reference.sites[number])
        print(f"{folder}: the same {len(reference.sites)} variants and calls")


if __name__ == "__main__":
    {"counts": counts, "same": same}[sys.argv[1]](*sys.argv[2:])

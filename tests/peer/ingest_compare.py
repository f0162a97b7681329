#!/usr/bin/python3
"""Genotype stores against plink2 --geno-counts, and against each other.

counts STORE GCOUNT   every count of every variant is equal
same STORE STORE...   calls, positions and alleles are equal
"""
import os
import subprocess
import sys

import numpy

COPIES = numpy.array([2, 3, 1, 0], "u1")  # .bed codes copies of allele 1, which is ALT


class Store:
    """A store as written to a PLINK 1 file set, read here byte by byte."""

    def __init__(self, folder):
        output = os.path.abspath(folder).replace("/", "_") + ".bed-set"
        command = [os.environ["SALUS"], "export_genotypes", "--genotypes", folder, "--format", "bed", "--output", output]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        prefix = output + "/export_genotypes/files/genotypes"
        with open(prefix + ".fam") as file:
            self.samples = sum(1 for _ in file)
        with open(prefix + ".bim") as file:
            rows = [line.split() for line in file]
        self.sites = [(int(row[3]), row[5], row[4]) for row in rows]
        self.bed = numpy.fromfile(prefix + ".bed", "u1")
        assert self.bed[:3].tolist() == [0x6C, 0x1B, 1], prefix

    def calls(self):
        """One row of calls per variant: 0, 1, 2 copies of ALT, 3 missing."""
        for row in self.bed[3:].reshape(len(self.sites), -1):
            codes = row[:, None] >> numpy.array([0, 2, 4, 6]) & 3
            yield COPIES[codes.ravel()[:self.samples]]


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

#!/usr/bin/python3
"""The same seeded single-bit flips against Salus, bcftools, plink2 and plain HDF5: told, harmless, or silently another result.

    flips.py --salus PROGRAM --demo FOLDER --work FOLDER [--flips N] [--seed N]

Silent: exit code 0 and another content than that of the sound file. A genotype file is read by each program that takes
it; a result set and a store of the finished demo run are looked at by `salus verify` of the run; the same table without
checksums, as most programs write HDF5, is read by h5py.
"""
import argparse
import hashlib
import pathlib
import random
import shutil
import subprocess

import h5py
import numpy


def run(words):
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.returncode, done.stdout


def content_of_store(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.glob("part-*.h5")):
        digest.update(path.read_bytes())
    return digest.digest()


class Flips:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work)
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def table(self, name, path, read):
        """Flips one bit of the file after the other. read() gives an exit code and a content."""
        rng = random.Random("%s %s" % (self.options.seed, name))
        sound = path.read_bytes()
        code, expected = read()
        assert code == 0, name
        told = harmless = silent = 0
        for _ in range(self.options.flips):
            data = bytearray(sound)
            bit = rng.randrange(8 * len(data))
            data[bit // 8] ^= 1 << (bit % 8)
            path.write_bytes(data)
            code, found = read()
            told += code != 0
            harmless += code == 0 and found == expected
            silent += code == 0 and found != expected
        path.write_bytes(sound)
        print("| %s | %d | %d | %d | %d |" % (name, self.options.flips, told, harmless, silent), flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--salus", "--demo", "--work"):
        parser.add_argument(name, required=True)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    flips = Flips(options)
    work, salus = flips.work, options.salus

    def quiet(*words):
        assert run(words)[0] == 0, words
    quiet("plink2", "--dummy", 100, 3000, 0.05, "acgt", "--seed", 11, "--make-bed", "--out", work / "h")
    quiet("plink2", "--bfile", work / "h", "--export", "vcf", "bgz", "--out", work / "h")
    # Blocks that end with lines, as bcftools writes them, and blocks that do not.
    quiet("bcftools", "view", "-Oz", "-o", work / "lines.vcf.gz", work / "h.vcf.gz")
    quiet(salus, "digest", work / "h.bed", work / "h.vcf.gz", "--output", work / "digests")

    def ingest(file, *more):
        def read():
            out = work / "out"
            shutil.rmtree(out, ignore_errors=True)
            code, _ = run([salus, "ingest_genomes", "--genotypes", file, "--output", out, *more])
            return code, content_of_store(out / "ingest_genomes/genotypes.store") if code == 0 else None
        return read

    def plink2(*input):
        def read():
            code, _ = run(["plink2", *input, "--threads", 1, "--export", "A", "--out", work / "p"])
            return code, (work / "p.raw").read_bytes() if code == 0 else None
        return read
    print("| file and reader | flips | told | harmless | silent |\n| --- | --- | --- | --- | --- |")
    for name, file in ((".vcf.gz of bcftools", work / "lines.vcf.gz"), (".vcf.gz of plink2", work / "h.vcf.gz")):
        flips.table(name + ", bcftools view", file, lambda: run(["bcftools", "view", "-H", file]))
        flips.table(name + ", plink2", file, plink2("--vcf", file))
        flips.table(name + ", salus", file, ingest(file))
    flips.table(".bed, plink2", work / "h.bed", plink2("--bfile", work / "h"))
    flips.table(".bed, salus with digests", work / "h.bed", ingest(work / "h.bed", "--digests", work / "digests"))

    result = pathlib.Path(options.demo) / "association/association.h5"

    def values(path):
        def read():
            digest = hashlib.sha256()
            try:
                with h5py.File(path, "r") as file:
                    file.visititems(lambda name, item: digest.update(name.encode() + numpy.asarray(item[()]).tobytes())
                                    if isinstance(item, h5py.Dataset) and item.dtype.kind != "O" else None)
            except Exception:  # h5py raises many kinds
                return 1, None
            return 0, digest.digest()
        return read
    plain = work / "plain.h5"
    with h5py.File(result, "r") as source, h5py.File(plain, "w") as target:
        source.visititems(lambda name, item: target.create_dataset(name, data=item[()])
                          if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiuS" else None)
    flips.table("result set as plain HDF5, h5py", plain, values(plain))
    folder = work / "run"
    shutil.copytree(options.demo, folder)
    for name, path in (("result set of a run", folder / "association/association.h5"),
                       ("part of a genotype store of a run", folder / "ingest_genomes/genotypes.store/part-000000.h5")):
        flips.table(name + ", salus verify", path, lambda: (run([salus, "verify", folder])[0], b""))


if __name__ == "__main__":
    main()

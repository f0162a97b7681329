"""Writes PREFIX.bed/.bim/.fam: SAMPLES x VARIANTS, 70 % common variants (frequency 0.01 to 0.5) and 30 % rare ones
(a few carriers to 0.3 %), 0.5 % of the calls of common and 0.05 % of those of rare variants missing."""
import sys
import numpy as np

prefix, samples, variants = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.Generator(np.random.SFC64(7))
code = np.array([3, 2, 0, 1], dtype=np.uint8)  # ALT copies (A1) or missing -> bits of a .bed
bases = "ACGT"
with open(prefix + ".bed", "wb") as bed, open(prefix + ".bim", "w") as bim:
    bed.write(b"\x6c\x1b\x01")
    for v in range(variants):
        rare = rng.random() < 0.3
        f = 10 ** rng.uniform(-4.3, -2.5) if rare else rng.uniform(0.01, 0.5)
        calls = (rng.integers(0, 65536, (2, samples), dtype=np.uint16) < round(f * 65536)).sum(0)
        calls[rng.integers(0, 65536, samples, dtype=np.uint16) < (33 if rare else 328)] = 3
        bits = np.zeros((samples + 3) // 4 * 4, dtype=np.uint8)
        bits[:samples] = code[calls]
        bed.write((bits[0::4] | bits[1::4] << 2 | bits[2::4] << 4 | bits[3::4] << 6).tobytes())
        a = rng.integers(4)
        b = (a + 1 + rng.integers(3)) % 4
        bim.write(f"{1 + v * 22 // variants}\trs{v}\t0\t{1000 + 500 * v}\t{bases[b]}\t{bases[a]}\n")
with open(prefix + ".fam", "w") as fam:
    for i in range(samples):
        fam.write(f"0\ts{i}\t0\t0\t{1 + i % 2}\t-9\n")

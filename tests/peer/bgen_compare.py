"""Calls, dosages and phase of dump_genotypes against what plink2 made of the same BGEN file: a VCF with DS, and
its .pgen, which holds dosages in the same units of 1/16384."""
import re
import sys


def vcf_rows(path):
    for line in open(path):
        if line.startswith("#"):
            continue
        field = line.rstrip("\n").split("\t")
        keys = field[8].split(":")
        yield tuple(field[:5]), [dict(zip(keys, f.split(":"))) for f in field[9:]]


def main(ours, theirs, pgen, name):
    variants = values = worst = other_calls = other_phases = removed = 0
    for line, (site, samples) in zip(open(ours), vcf_rows(theirs), strict=True):
        field = line.rstrip("\n").split("\t")
        assert tuple(field[:5]) == site, (name, field[:5], site)
        variants += 1
        for mine, other in zip(field[5:], samples, strict=True):
            call, dosage, phase = mine.split(",")
            gt = other.get("GT", "./.")
            alleles = gt.replace("|", "/").split("/")
            copies = 3 - len(alleles)  # a haploid call counts twice
            ds = other.get("DS", "none")
            if site[0] == "X" and call == "." and set(alleles) == {"0", "1"}:
                # A man with one copy of two: we set the call missing, and a dosage of exactly 1.
                removed += 1
                assert dosage != "." or float(ds) == 1
                continue
            other_calls += call != ("." if "." in alleles else str(alleles.count("1") * copies))
            assert ds == "none" or (ds == ".") == (dosage == "."), (name, site, mine, other)
            if ds not in (".", "none"):
                worst = max(worst, abs(int(dosage) / copies / 16384 - float(ds)))
            other_phases += phase != {"0|1": "1", "1|0": "2"}.get(gt, "0")
            values += 1
    # The units that plink2 stored. It rounds twice, to 1/32768 and then to 1/16384: 2/255 copies are 128.502 units,
    # of which it makes 128.5 and then 128, and we 129, which is nearer. So one unit where the exact value lies
    # between a half and three quarters, and equal otherwise.
    whole = 2 ** int(re.search(r"bits=(\d+)", name).group(1) if "bits=" in name else 16) - 1
    other_units = 0
    for x, y in zip(open(ours), open(pgen), strict=True) if pgen != "none" else ():
        for a, b in zip(x.rstrip("\n").split("\t"), y.rstrip("\n").split("\t"), strict=True):
            if a != b:
                (call, unit, phase), (other_call, other_unit, other_phase) = a.split(","), b.split(",")
                assert (call, phase) == (other_call, other_phase) and abs(int(unit) - int(other_unit)) == 1, (name, a, b)
                copies = round(int(unit) * whole / 16384)
                if name.endswith("last"):  # it rounds the copies of the second allele and turns them over
                    copies = 2 * whole - copies
                assert 0.5 < copies * 16384 / whole % 1 < 0.75, (name, a, b)
                other_units += 1
    print(f"{name}: {variants} variants, {values} values, DS within {worst:.6f}, {other_calls} other calls, "
          f"{other_phases} other phases, {other_units} units rounded otherwise, {removed} heterozygous haploid calls")
    # DS is printed to 4 decimals: half of 0.0001, and one unit.
    assert variants > 0 and worst <= 0.00005 + 1 / 16384 and other_calls == 0 and other_phases == 0


main(*sys.argv[1:])

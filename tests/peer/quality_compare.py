"""Compares quality.h5 with tables of plink2: FILE FOLDER [--duplicates KING] [--sex SEXCHECK]."""
import gzip, os, sys
import h5py, numpy as np


def table(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as f:
        lines = [line.split() for line in f if line.strip()]
    columns = {name.lstrip("#"): [line[k] for line in lines[1:]] for k, name in enumerate(lines[0])}
    return columns


def numbers(column):
    return np.array([np.nan if x.lower() in ("na", "nan") else float(x) for x in column])


def read(group):
    return {name: d.asstr()[:] if d.dtype.kind in "OS" else d[:] for name, d in group.items() if d.dtype.kind in "OSuif" and d.ndim == 1}


def expect(what, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + what, detail)
    if not ok:
        sys.exit(1)


def close(what, ours, theirs, absolute, relative=0.0):
    both_nan = np.isnan(ours) & np.isnan(theirs)
    difference = np.where(both_nan, 0, np.abs(ours - theirs))
    limit = absolute + relative * np.abs(np.nan_to_num(theirs))
    expect(what, bool(np.all(difference <= limit)), f"largest difference {np.nanmax(difference):.3g}")


def hardy(variants, chosen, column, path):
    plink = table(path)
    p = numbers(plink["MIDP" if "MIDP" in plink else "P"])
    expect(f"{os.path.basename(path)}: variants", len(p) == chosen.sum(), f"{len(p)}")
    ours = 10 ** -variants[column][chosen]
    close(f"{os.path.basename(path)}: {column}", ours, p, 1e-300, 6e-6)


def main():
    file, folder = sys.argv[1:3]
    options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
    with h5py.File(file) as f:
        variants, samples = read(f["variants"]), read(f["samples"])
    counts = table(f"{folder}/plink.gcount")
    count = lambda name: numbers(counts[name])
    for ours, theirs in (("hom_ref", count("HOM_REF_CT") + count("HAP_REF_CT")), ("het", count("HET_REF_ALT_CTS")),
                         ("hom_alt", count("TWO_ALT_GENO_CTS") + count("HAP_ALT_CTS")), ("missing", count("MISSING_CT"))):
        expect(f"{folder}: {ours} identical", bool(np.array_equal(variants[ours], theirs)))
    missing = table(f"{folder}/plink.vmiss")
    share = numbers(missing["MISSING_CT"]) / numbers(missing["OBS_CT"])
    close(f"{folder}: call_rate of variants", variants["call_rate"], 1 - share, 1e-15)
    missing = table(f"{folder}/plink.smiss")
    close(f"{folder}: call_rate of samples", samples["call_rate"], 1 - numbers(missing["MISSING_CT"]) / numbers(missing["OBS_CT"]), 1e-15)
    close(f"{folder}: alt_frequency", variants["alt_frequency"], numbers(table(f"{folder}/plink.afreq")["ALT_FREQS"]), 1e-6)
    autosomal = ~np.isin(variants["chromosome"], ["X", "23", "Y", "24", "MT", "26"])
    hardy(variants, autosomal, "hwe_neg_log10_p", f"{folder}/plink.hardy")
    hardy(variants, autosomal, "hwe_midp_neg_log10_p", f"{folder}/midp.hardy")
    if os.path.exists(f"{folder}/x.hardy"):
        hardy(variants, np.isin(variants["chromosome"], ["X", "23"]), "hwe_neg_log10_p", f"{folder}/x.hardy")
    close(f"{folder}: inbreeding_f", samples["inbreeding_f"], numbers(table(f"{folder}/plink.het")["F"]), 1e-6)
    if "--duplicates" in options:
        king = table(options["--duplicates"])
        pairs = {frozenset(p) for *p, k in zip(king["IID1"], king["IID2"], king["KINSHIP"]) if float(k) > 0.354}
        ours = {frozenset(p) for p in zip(samples["sample_id"], samples["duplicate_of"]) if p[1]}
        expect("duplicates are those of KING", ours == pairs, f"{len(pairs)} pairs")
    if "--sex" in options:
        check = table(options["--sex"])
        f = dict(zip(check["IID"], numbers(check["F"])))
        theirs = np.array([f[i] for i in samples["sample_id"]])
        # plink 1.9 takes frequencies from founders only, so F is close, not equal.
        close("x_inbreeding_f", samples["x_inbreeding_f"], theirs, 0.06)
        sure = (np.abs(theirs - 0.2) > 0.06) & (np.abs(theirs - 0.8) > 0.06)
        sex = np.where(theirs > 0.8, 1, np.where(theirs < 0.2, 2, 0))
        expect("genetic sex is that of plink 1.9", bool(np.array_equal(sex[sure], samples["sex_genetic"][sure])), f"{sure.sum()} samples")


main()

#!/usr/bin/env bash
# Association results exported as GWAS-SSF and as regenie-style text: pandas, tabix and R read them, the metadata are YAML
# with the right counts, and our own reader gets back from either what is in the HDF5 file.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
/usr/bin/python3 -c 'import h5py, pandas' 2>/dev/null || { echo "python3-h5py and python3-pandas are missing"; exit 77; }
command -v tabix >/dev/null || { echo "tabix is not installed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
quiet "$SALUS" simulate --samples 300 --chromosomes chr1 --chromosomes chr2 --chromosomes chrX --region_mb 1 --formats bed --output simulated --seed 3
quiet "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes
awk 'NR == 1 { print "sample_id,height,disease" } { printf "%s,%s,%d\n", $2, (NR * 7919 % 1009) / 100, NR * 31 % 5 == 0 }' \
    "$(find simulated -name genotypes.fam)" >table.csv
quiet "$SALUS" phenotypes --genotypes genomes/ingest_genomes/genotypes.store --table table.csv --table_traits height --table_traits disease \
    --sex false --groups false --output phenotypes
quiet "$SALUS" association --genotypes genomes/ingest_genomes/genotypes.store --phenotypes phenotypes/phenotypes/phenotypes.h5 --output association
results=association/association/association.h5
for trait in height disease; do
    quiet "$SALUS" export $results --table traits/$trait --output $trait.tsv.gz --format gwas-ssf
    quiet "$SALUS" export $results --table traits/$trait --output $trait.regenie.gz --format regenie
    for form in tsv.gz regenie.gz; do
        quiet "$SALUS" meta_analysis --studies $trait.$form --strand forward --output "read.$trait.$form"
    done
    place=$(gzip -dc $trait.tsv.gz | awk -F'\t' 'NR == 20 { print $1 ":" $2 "-" $2 }')
    [[ $(tabix $trait.tsv.gz "$place" | wc -l) -ge 1 && $(tabix $trait.regenie.gz "$place" | wc -l) -ge 1 ]] || fail "tabix does not find $place"
done
/usr/bin/python3 - $results <<'PYTHON'
import hashlib, sys
import h5py, numpy as np, pandas as pd

MANDATORY = ["chromosome", "base_pair_location", "effect_allele", "other_allele", "beta", "standard_error", "effect_allele_frequency", "neg_log_10_p_value"]
results = h5py.File(sys.argv[1])
for trait in ("height", "disease"):
    stored = {c: results[f"traits/{trait}/{c}"][:] for c in ("beta", "standard_error", "neg_log10_p", "n")}
    tested = ~np.isnan(stored["beta"])
    ssf = pd.read_csv(f"{trait}.tsv.gz", sep="\t", na_values="#NA", float_precision="round_trip")
    assert list(ssf.columns[:8]) == MANDATORY, ssf.columns
    assert ssf.chromosome.isin(range(1, 26)).all() and ssf[MANDATORY].notna().all().all()
    assert ssf.effect_allele.str.fullmatch("[ACGT]+").all() and ssf.variant_id.str.fullmatch("[0-9]+_[0-9]+_[ACGT]+_[ACGT]+").all()
    regenie = pd.read_csv(f"{trait}.regenie.gz", sep=r"\s+", float_precision="round_trip")
    for ours, column, theirs in (("beta", "BETA", "beta"), ("standard_error", "SE", "standard_error"), ("neg_log10_p", "LOG10P", "neg_log_10_p_value"), ("n", "N", "n")):
        assert np.array_equal(regenie[column], stored[ours][tested]) and np.array_equal(ssf[theirs], stored[ours][tested]), (trait, ours)
    from math import erfc, log10, sqrt  # the chi-square of regenie gives back its p
    assert all(abs(-log10(erfc(sqrt(x / 2))) - p) < 1e-9 for x, p in zip(regenie.CHISQ[:500], regenie.LOG10P[:500]))
    for form in ("tsv.gz", "regenie.gz"):
        read = h5py.File(f"read.{trait}.{form}/meta_analysis/meta_analysis.h5")
        order = np.lexsort((read["variants/effect_allele"][:], read["variants/other_allele"][:], read["variants/base_pair_location"][:]))
        assert len(order) == tested.sum(), (form, len(order), tested.sum())
        np.testing.assert_allclose(np.sort(read["traits/fixed_effects/beta"][:]), np.sort(stored["beta"][tested]), rtol=1e-15)
    lines = [line.strip() for line in open(f"{trait}.tsv.gz-meta.yaml")]
    metadata = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert metadata["data_file_md5sum"] == hashlib.md5(open(f"{trait}.tsv.gz", "rb").read()).hexdigest()
    assert metadata["is_sorted"] == "true" and metadata["genome_assembly"] == '"GRCh38"' and metadata["- sample_size"] == "300", metadata
    if trait == "disease":
        assert (regenie.N_CASES + regenie.N_CONTROLS == regenie.N).all() and "A1FREQ_CASES" in regenie
        assert metadata["case_control_study"] == "true" and int(metadata["case_count"]) + int(metadata["control_count"]) == 300
try:
    import yaml
    assert yaml.safe_load(open("disease.tsv.gz-meta.yaml"))["samples"][0]["case_control_study"] is True
except ImportError:
    pass
PYTHON
if command -v Rscript >/dev/null; then
    Rscript -e 'd <- read.table(gzfile("disease.regenie.gz"), header = TRUE); stopifnot(nrow(d) > 100, is.numeric(d$BETA), all(d$TEST == "ADD"))' ||
        fail 'R does not read the regenie-style text'
fi

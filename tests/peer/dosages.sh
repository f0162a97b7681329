#!/usr/bin/env bash
# Association of dosages against plink2 --glm on the same VCF with DS: beta, standard_error and
# neg_log10_p of linear and logistic regression with covariates. Then the same results from the file
# without ingest, and other results where only hard calls are read.
set -euo pipefail
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

plink2 --dummy 500 600 0 dosage-freq=0.7 acgt --seed 3 --threads 1 --make-pgen --out dummy >plink.log
awk 'BEGIN { OFS = "\t" } /^#/ { print; next } { $2 = 100 * ($2 + 1); print }' dummy.pvar >sites && mv sites dummy.pvar
plink2 --pfile dummy --threads 1 --export vcf bgz vcf-dosage=DS-force --out dosages >plink.log
/usr/bin/python3 - <<'PYTHON'
import numpy as np
noise = np.random.default_rng(11)
with open("table.csv", "w") as table, open("plink.pheno", "w") as pheno, open("plink.covar", "w") as covar:
    table.write("sample_id,y,b,age,pc\n"), pheno.write("#IID\ty\tb\n"), covar.write("#IID\tage\tpc\n")
    for i in range(500):
        age, pc = noise.normal(50, 9), noise.normal()
        y, b = 0.1 * age + pc + noise.normal(), int(noise.normal() + 0.5 * pc > 0.2)
        table.write(f"per{i},{y!r},{b},{age!r},{pc!r}\n")
        pheno.write(f"per{i}\t{y!r}\t{b}\n"), covar.write(f"per{i}\t{age!r}\t{pc!r}\n")
PYTHON
plink2 --vcf dosages.vcf.gz dosage=DS --1 --pheno plink.pheno --covar plink.covar --covar-variance-standardize --threads 1 \
    --glm omit-ref hide-covar no-firth log10 cols=chrom,pos,ref,alt,a1freq,nobs,beta,se,p,err --out plink >plink.log 2>&1 ||
    { cat plink.log; exit 1; }

run() { "$SALUS" "$@" 2>log || { cat log; exit 1; }; }
run ingest_genomes --genotypes dosages.vcf.gz --output genomes
run ingest_genomes --genotypes dosages.vcf.gz --dosage_field GT --output calls
store=genomes/ingest_genomes/genotypes.store
run phenotypes --genotypes dosages.vcf.gz --table table.csv --table_traits y --table_traits b --table_covariates age \
    --table_covariates pc --sex false --groups false --output phenotypes
associate() { # genotypes output
    run association --genotypes "$1" --phenotypes phenotypes/phenotypes/phenotypes.h5 --minor_allele_count_min 1 \
        --binary_test wald --output "$2"
}
associate "$store" stored
associate dosages.vcf.gz direct
associate calls/ingest_genomes/genotypes.store hard
for trait in y b; do
    glm=$([[ $trait == y ]] && echo linear || echo logistic)
    /usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" plink stored/association/association.h5 "$trait" "plink.$trait.glm.$glm"
done
/usr/bin/python3 - <<'PYTHON'
import h5py, numpy as np
def columns(path):
    found = {}
    with h5py.File(path) as f:
        f.visititems(lambda name, item: found.update({name: item[()]})
                     if isinstance(item, h5py.Dataset) and not name.startswith("provenance") else None)
    return found
stored, direct, hard = (columns(f"{name}/association/association.h5") for name in ("stored", "direct", "hard"))
assert stored.keys() == direct.keys() and len(stored) > 20
for name, values in stored.items():
    assert values.tobytes() == direct[name].tobytes(), name
# Allele frequencies of dosages are those of plink2 (six digits); hard calls give others.
frequency = {row.split("\t")[2]: row.rstrip().split("\t") for row in open("plink.y.glm.linear")}
header = frequency.pop("ID")
ids = [name.decode() for name in stored["variants/variant_id"]]
theirs = np.array([float(frequency[name][header.index("A1_FREQ")]) for name in ids])
ours = stored["traits/y/effect_allele_frequency"]
assert np.abs(ours - theirs).max() < 2e-5, np.abs(ours - theirs).max()
assert np.nanmax(np.abs(ours - hard["traits/y/effect_allele_frequency"])) > 0.01
print(f"{len(ids)} variants: frequencies and results from file and store agree")
PYTHON

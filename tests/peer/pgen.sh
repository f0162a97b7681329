#!/usr/bin/env bash
# PLINK 2 files made by plink2, of every kind of record, are read as plink2 reads them; and what we write as
# pgen, bed, bcf and vcf is read by plink2 and bcftools with the same calls, phase and dosages.
set -euo pipefail
for tool in plink2 bcftools; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/pgen_compare.py" "$@"; }
quiet() { "$@" >peer.log 2>&1 || { cat peer.log; exit 1; }; }
ours() { "$SALUS" "$@" 2>ours.log || { cat ours.log; exit 1; }; }
size() { stat -c %s "$1"; }

# Reads SET.pgen; compares with what plink2 reads and with TRUTH; writes all formats; has them read back.
check() { # set truth plink2-flags...
    local set=$1 truth=$2 f
    shift 2
    ours ingest_genomes --genotypes "$set.pgen" --output "$set"
    local store=$set/ingest_genomes/genotypes.store
    for f in pgen bed bcf vcf; do
        ours export_genotypes --genotypes "$store" --format $f --output "$set-$f"
        ln -sfn "$set-$f/export_genotypes/files" "$set-$f-files"
    done
    local vcf=$set-vcf-files/genotypes.vcf.gz
    echo "$set: our reading and the truth"; compare same "$vcf" "$truth"
    quiet bcftools view -o "$set.bcf.vcf" "$set-bcf-files/genotypes.bcf"
    echo "$set: our bcf"; compare same "$set.bcf.vcf" "$truth"
    quiet plink2 --pfile "$set-pgen-files/genotypes" --validate
    quiet plink2 --pfile "$set-pgen-files/genotypes" --export vcf vcf-dosage=DS-force --out "$set.again"
    echo "$set: our pgen, read by plink2"; compare same "$set.again.vcf" "$truth"
    quiet plink2 --bfile "$set-bed-files/genotypes" --real-ref-alleles --export vcf id-paste=iid --out "$set.bed"
    echo "$set: our bed, read by plink2"; compare same "$set.bed.vcf" "$vcf" calls
    # What plink2 makes of the same variants: ours is at most 5 % larger, but for the smallest files.
    quiet plink2 --pfile "$set-pgen-files/genotypes" --make-pgen --out "$set.remade"
    echo "$set: $(size "$set-pgen-files/genotypes.pgen") bytes of .pgen, by plink2 $(size "$set.remade.pgen")"
    (($(size "$set-pgen-files/genotypes.pgen") * 100 <= $(size "$set.remade.pgen") * 105 + 2000))
}

# plink2 2.00a3 exports unphased calls of partly phased sites with several ALT alleles as phased, so there
# the file that the .pgen was made of is the truth.
number=0
for shape in '300 400 mp' '77 300 m' '400 300 p' '1000 60 mp' '70000 6 mp' '1 100 p' '15 100 p' '17 100 mp'; do
    read -r samples variants kinds <<<"$shape"
    number=$((number + 1))
    compare make $number "$samples" "$variants" "$kinds" >"calls$number.vcf"
    quiet plink2 --vcf "calls$number.vcf" --make-pgen --out "calls$number"
    check "calls$number" "calls$number.vcf"
done
for shape in '257 300 pd' '400 300 d' '1600 60 d'; do
    read -r samples variants kinds <<<"$shape"
    number=$((number + 1))
    compare make $number "$samples" "$variants" "$kinds" >"dosages$number.in.vcf"
    quiet plink2 --vcf "dosages$number.in.vcf" dosage=DS --make-pgen vzs --out "dosages$number"
    quiet plink2 --pfile "dosages$number" vzs --export vcf vcf-dosage=DS-force --out "dosages$number.truth"
    check "dosages$number" "dosages$number.truth.vcf"
done
# Fixed width without compression, and PLINK 1 under the name .pgen.
quiet plink2 --pfile calls2 --max-alleles 2 --make-pgen format=2 --out fixed
quiet plink2 --pfile fixed --export vcf --out fixed.truth
check fixed fixed.truth.vcf
quiet plink2 --pfile fixed --make-bed --out plink1
mv plink1.bed plink1.pgen
check plink1 fixed.truth.vcf

genomes=${SALUS_DATA:-/nonexistent}/genomes
[[ -d $genomes/pgen_1kg_chr21 ]] || { echo "no reference data: generated files only"; exit 0; }
for f in pgen psam pvar.zst; do
    cp "$genomes/pgen_1kg_chr21/chr21_phase3_start.$f" "kg.$f"
    cp "$genomes/pgen_snpnet_sample/sample.$f" "snpnet.$f"
    cp "$genomes/regenie_example/example.${f%.zst}" "regenie.${f%.zst}"
done
quiet plink2 --pfile kg vzs --export vcf --out kg.truth
check kg kg.truth.vcf
# The VCF beside it holds the same 482 biallelic sites.
bcftools query -f '%CHROM\t%POS\n' "$genomes/pgen_1kg_chr21/1kg_phase3_chr21_start.vcf.gz" | sort >a.txt
bcftools query -f '%CHROM\t%POS\n' kg-vcf-files/genotypes.vcf.gz | sort | uniq -u | comm -12 - a.txt >both.txt
for f in "$genomes/pgen_1kg_chr21/1kg_phase3_chr21_start.vcf.gz" kg-vcf-files/genotypes.vcf.gz; do
    quiet bcftools view -T both.txt -o "$(basename "$(dirname "$f")").both.vcf" "$f"
done
compare same pgen_1kg_chr21.both.vcf kg-vcf-files.both.vcf
quiet plink2 --pfile regenie --export vcf --out regenie.truth
check regenie regenie.truth.vcf
ours ingest_genomes --genotypes snpnet.pgen --output snpnet
ours quality --genotypes snpnet/ingest_genomes/genotypes.store --output snpnet-quality
compare quality snpnet-quality/quality/quality.h5 "$genomes/pgen_snpnet_sample/expected_plink2"

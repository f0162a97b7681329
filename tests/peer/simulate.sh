#!/usr/bin/env bash
# A simulated cohort in bcftools and plink2: VCF, BCF and PLINK 1 files hold the same calls, indices find all records,
# and KING finds the planted twins, duplicates and children.
set -euo pipefail
for tool in plink2 bcftools; do command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }; done
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

"$SALUS" simulate --samples 600 --region_mb 1.5 --family_share 0.4 --output out --seed 3 2>run.log || { cat run.log; exit 1; }
cohort=$(find out -type d -name cohort)
vcf=$cohort/genotypes.vcf.gz bcf=$cohort/genotypes.bcf

# Only AF may differ in the last digit, which BCF holds in 32 bits.
body() { bcftools view -H "$1" | sed -E 's/;AF=[^\t]*//'; }
cmp <(body "$vcf") <(body "$bcf") || { echo "VCF and BCF differ"; exit 1; }
for file in "$vcf" "$bcf"; do
    [[ $(bcftools index -n "$file") -eq $(bcftools view -H "$file" | wc -l) ]] || { echo "index of $file misses records"; exit 1; }
    [[ $(bcftools view -H "$file" chr6 | wc -l) -eq $(bcftools view -H "$file" | awk '$1 == "chr6"' | wc -l) ]]
    [[ $(bcftools view -H "$file" chr6 | wc -l) -gt 100 ]]
done
bcftools view "$vcf" -o /dev/null 2>warnings.txt
[[ ! -s warnings.txt ]] || { cat warnings.txt; exit 1; }

plink() { plink2 --threads 1 --memory 1000 "$@" >>plink.log 2>&1 || { tail -20 plink.log; exit 1; }; }
plink --bfile "$cohort/genotypes" --autosome --max-alleles 2 --nonfounders --geno-counts --out bed
for source in vcf bcf; do
    bcftools norm -m- -Ou "${!source}" 2>/dev/null | bcftools view -Ob -o "split_$source.bcf"
    plink --bcf "split_$source.bcf" --autosome --max-alleles 2 --nonfounders --geno-counts --out "$source"
done
counts() { grep -v '^#' "$1.gcount" | cut -f1,3-7,10; }  # chromosome, alleles, diploid counts, missing
cmp <(counts vcf) <(counts bcf)
# A split site holds 0 where the other ALT was, in all formats; order at one position is that of the ALT alleles.
cmp <(counts vcf | sort) <(counts bed | sort) || { echo "PLINK 1 and VCF counts differ"; exit 1; }

plink --bfile "$cohort/genotypes" --autosome --max-alleles 2 --maf 0.02 --make-king-table --king-table-filter 0.15 --out king
twins=$(awk -F'\t' '$6 != "0" && NR > 1' "$cohort/truth/families.tsv" | wc -l)
duplicates=$(grep -c $'\tduplicate\t' "$cohort/truth/sample_faults.tsv")
identical=$(awk 'NR > 1 && $NF > 0.42' king.kin0 | wc -l)
[[ $identical -eq $((twins + duplicates)) ]] || { echo "KING finds $identical identical pairs, planted $twins twins and $duplicates duplicates"; exit 1; }
children=$(awk -F'\t' '$3 != "0" && NR > 1' "$cohort/truth/families.tsv" | wc -l)
related=$(awk 'NR > 1 && $NF <= 0.42' king.kin0 | wc -l)
[[ $related -ge $((2 * children)) ]] || { echo "KING finds $related first-degree pairs, planted at least $((2 * children))"; exit 1; }

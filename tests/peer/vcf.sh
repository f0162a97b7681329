#!/usr/bin/env bash
# VCF and BCF beyond hard calls: phase and dosages of real files equal to PLINK 2's own (every call, dosage in
# 1/16384 and phase), and stores that were normalised, selected and merged the same on any number of ranks.
set -euo pipefail
genomes=$SALUS_DATA/genomes
[[ -d $genomes/pgen_1kg_chr21 ]] || { echo "no reference data"; exit 77; }
for tool in plink2 bcftools tabix; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
dump=$(dirname "$SALUS")/tests/dump_genotypes
[[ -x $dump ]] || { echo "dump_genotypes is not built"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >peer.log 2>&1 || { cat peer.log; exit 1; }; }

# 1000 Genomes, 2,504 samples, phased: VCF == BCF == PGEN as its authors made it.
gunzip -c "$genomes/pgen_1kg_chr21/1kg_phase3_chr21_start.vcf.gz" >kg.vcf
cp "$genomes"/pgen_1kg_chr21/chr21_phase3_start.* .
"$dump" kg.vcf >vcf.txt
"$dump" "$genomes/pgen_1kg_chr21/1kg_phase3_chr21_start.bcf" | cmp - vcf.txt
"$dump" chr21_phase3_start.pgen >pgen.txt
# The two files hold different sites; those they share must be equal.
shared() { awk -F'\t' 'NR == FNR { known[$2, $4, $5]; next } ($2, $4, $5) in known' "$1" "$2" | cut -f2,4- | sort; }
shared vcf.txt pgen.txt >a; shared pgen.txt vcf.txt >b
[[ $(wc -l <a) -eq 482 ]]
cmp a b
[[ $(tr '\t' '\n' <vcf.txt | grep -c ',[12]$') -eq 43565 ]]   # phased heterozygous calls
echo "1000 Genomes: calls and phase of 482 variants as in PGEN"

# Dosages through plink2's import: DS of imputed-like data, GT where there is none.
cp "$genomes/hail_dev/small-ds.vcf" ds.vcf
quiet plink2 --vcf ds.vcf dosage=DS --make-pgen --out ds
"$dump" ds.pgen | cut -f2,4- >theirs
"$dump" ds.vcf | cut -f2,4- >ours
cmp ours theirs || { diff ours theirs | cut -c1-200 | head; exit 1; }
sed '/^#CHROM/i ##contig=<ID=1>' ds.vcf >contig.vcf # BCF needs the line
quiet bcftools view -Ob -o ds.bcf contig.vcf
"$dump" ds.bcf | cut -f2,4- | cmp - ours
echo "small-ds.vcf: $(wc -l <ours) variants as plink2 imports them"

# Any number of ranks: normalised ingest with lists, then a merge.
/usr/bin/python3 - <<'PY'
import random
r = random.Random(5)
genome = ""
while len(genome) < 400000:
    genome += "".join(r.choice("ACGT") for _ in range(r.randint(1, 4))) * r.randint(1, 12)
with open("g.fa", "w") as f: f.write(f">1\n{genome}\n")
with open("g.fa.fai", "w") as f: f.write(f"1\t{len(genome)}\t3\t{len(genome)}\t{len(genome) + 1}\n")
def write(name, samples):
    r = random.Random(6)
    calls = random.Random(name)
    with open(name, "w") as f:
        f.write('##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
                '##FORMAT=<ID=DS,Number=A,Type=Float,Description="d">\n##contig=<ID=1>\n')
        f.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(samples) + "\n")
        at = 1
        while at < len(genome) - 100:
            at += r.randint(1, 40)
            ref = genome[at - 1:at - 1 + r.choice([1, 1, 2, 3, 8])]
            alt = r.choice([ref + ref[-1], ref[0], r.choice("ACGT") + ref[1:]])
            if alt == ref: continue
            def call():
                ds = calls.choice([0, 0, 0, 1, 2, calls.randint(0, 2000) / 1000])
                return f"{calls.choice(['0|0', '0|1', '1|0', './.'])}:{ds:.4g}"
            f.write("\t".join(["1", str(at), f"v{at}", ref, alt, ".", "PASS", ".", "GT:DS"] + [call() for _ in samples]) + "\n")
write("one.vcf", [f"A{i}" for i in range(60)])
write("two.vcf", [f"B{i}" for i in range(45)])
PY
for batch in one two; do
    quiet bcftools view -Oz -o $batch.vcf.gz $batch.vcf
    quiet tabix -p vcf $batch.vcf.gz
done
printf 'A%s\n' {0..49} >keep.txt
awk '!/^#/ && NR % 10 == 0 { print $3 }' one.vcf >exclude.txt
printf '1:1000-390000\n' >regions.txt
run() { # ranks threads: digests of both stores and of their merge
    local out=r$1t$2 batch
    for batch in one two; do
        local lists=()
        [[ $batch == two ]] || lists=(--sample_list keep.txt --variant_exclusions exclude.txt --region_list regions.txt)
        quiet mpirun --oversubscribe -n "$1" "$SALUS" ingest_genomes --genotypes $batch.vcf.gz --reference g.fa \
            "${lists[@]}" --threads "$2" --output "$out/$batch"
    done
    quiet mpirun --oversubscribe -n "$1" "$SALUS" merge_genotypes --threads "$2" --output "$out/merged" \
        --genotypes "$out/one/ingest_genomes/genotypes.store" "$out/two/ingest_genomes/genotypes.store"
    # Provenance of the merge holds the paths of its inputs, which differ from run to run.
    (cd "$out" && find one/ingest_genomes two/ingest_genomes merged/merge_genotypes/genotypes.store/part-* -type f -print0 |
        sort -z | xargs -0 sha256sum) >"$out.sha256"
}
run 1 1
[[ $(wc -l <r1t1.sha256) -gt 6 ]]
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    run $layout
    diff r1t1.sha256 "r${layout/ /t}.sha256" || { echo "results differ on $layout"; exit 1; }
done
echo "$(wc -l <r1t1.sha256) files the same on any ranks and threads"

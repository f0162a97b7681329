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

# Reads of heterozygous calls: sums per sample as bcftools query and awk count them, one contaminated sample found.
/usr/bin/python3 - <<'PY'
import random
r = random.Random(8)
samples = [f"S{i}" for i in range(25)]
with open("ad.vcf", "w") as f:
    f.write('##fileformat=VCFv4.2\n##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n'
            '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="r">\n##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">\n'
            "##contig=<ID=1>\n##contig=<ID=2>\n##contig=<ID=X>\n")
    f.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(samples) + "\n")
    for chromosome in "12X":
        for at in range(1, 2500):
            ref, alt = r.sample("ACGT", 2)
            kind = r.random()
            if kind < 0.05: alt += "," + r.choice([b for b in "ACGT" if b not in (ref, alt)])
            elif kind < 0.1: ref += "A"
            freq, fields = r.uniform(0.3, 0.6), "GT" if r.random() < 0.03 else "GT:AD:DP"
            def call(s):
                copies = sum(r.random() < freq for _ in range(2))
                share = (0.01, 0.48, 0.99)[copies]
                if s == "S7":  # a sixth of the reads are somebody else's
                    share += (sum(r.random() < freq for _ in range(2)) / 2 - share) / 6
                depth = r.randint(0, 45)
                reads = sum(r.random() < share for _ in range(depth))
                if s == "S7" and copies != 1 and 2 < reads < depth - 2: copies = 1
                gt = ("0/0", r.choice(["0/1", "1|0"]), "1/1")[copies] if r.random() < 0.98 else "./."
                if fields == "GT": return gt
                ad = [str(depth - reads), str(reads)] + ["0"] * alt.count(",")
                lost = r.random()
                if lost < 0.02: return gt
                if lost < 0.04: return f"{gt}:.:{depth}"
                if lost < 0.05: ad[r.randrange(2)] = "."
                return f"{gt}:{','.join(ad)}:{depth}"
            f.write("\t".join([chromosome, str(at), ".", ref, alt, ".", "PASS", ".", fields] + [call(s) for s in samples]) + "\n")
PY
quiet bcftools view -Oz -o ad.vcf.gz ad.vcf
quiet tabix -p vcf ad.vcf.gz
quiet bcftools view -Ob -o ad.bcf ad.vcf
quiet bcftools index ad.bcf
awk -v OFS='\t' 'NR % 3 != 2' <(bcftools query -l ad.vcf) >some.txt
expected() { # [options of bcftools view]: het_calls, alt_depth, total_depth, unbalanced_calls of every sample
    bcftools view -v snps -m2 -M2 -t ^X "$@" ad.vcf |
        bcftools query -f '[%SAMPLE\t%GT\t%AD\n]' - | awk -v OFS='\t' '
        !($1 in row) { row[$1] = n++; name[n - 1] = $1 }
        $2 ~ /^(0[\/|]1|1[\/|]0)$/ && $3 ~ /^[0-9]+,[0-9]+$/ {
            split($3, ad, ","); total = ad[1] + ad[2]
            if (total < 8) next
            ++calls[$1]; alt[$1] += ad[2]; all[$1] += total
            if (ad[2] * 10 < total * 2 || ad[2] * 10 > total * 8) ++off[$1]
        }
        END { for (i = 0; i < n; ++i) { s = name[i]; print calls[s] + 0, alt[s] + 0, all[s] + 0, off[s] + 0 } }'
}
table() { # file table: its rows as text
    quiet "$SALUS" export "$1" --table "$2" --output table.tsv
    tail -n +2 table.tsv
}
depths() { table "$1/ingest_genomes/genotypes.store/index.h5" sample_depths; }
ingest_depths() { # output ranks threads input [more]
    local out=$1 ranks=$2 threads=$3 input=$4
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" ingest_genomes --genotypes "$input" --allele_depths true \
        --threads "$threads" --output "$out" "${@:5}"
}
expected >all.expected
[[ $(wc -l <all.expected) -eq 25 && $(awk '$1 > 1000' all.expected | wc -l) -eq 25 ]]
for layout in '1 1' '2 1' '3 2' '4 1'; do
    ingest_depths ad${layout/ /t} $layout ad.vcf.gz
    depths ad${layout/ /t} | cmp - all.expected
    (cd ad${layout/ /t}/ingest_genomes/genotypes.store && sha256sum *.h5) >ad${layout/ /t}.sha256
    diff ad1t1.sha256 ad${layout/ /t}.sha256 || { echo "results differ on $layout"; exit 1; }
done
ingest_depths adbcf 2 1 ad.bcf
depths adbcf | cmp - all.expected
ingest_depths adsome 2 1 ad.bcf --sample_list some.txt
expected -S some.txt >some.expected
depths adsome | cmp - some.expected
awk 'NR == FNR { some[$1]; next } !($1 in some)' some.txt <(bcftools query -l ad.vcf) >others.txt
ingest_depths adothers 1 1 ad.bcf --sample_list others.txt
quiet "$SALUS" merge_genotypes --genotypes ad{some,others}/ingest_genomes/genotypes.store --output admerged
grep -q 'sample_depths' peer.log # the warning that they are left out
"$SALUS" show admerged/merge_genotypes/genotypes.store/index.h5 >shown.txt 2>&1
grep -q samples shown.txt
if grep -q 'het_calls' shown.txt; then echo "read depths were merged"; exit 1; fi
quiet "$SALUS" quality --genotypes ad1t1/ingest_genomes/genotypes.store --output adq --heterozygosity_sd_max 1000
[[ $(table adq/quality/quality.h5 samples | grep allele_imbalance | cut -f1) == S7 ]]
echo "read depths of 25 samples as bcftools query and awk add them up; the contaminated one is found"

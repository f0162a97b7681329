#!/usr/bin/env bash
# Bad genotype files: exit code and message of each, no names of persons in it, and nothing half-written.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
for tool in bgzip tabix bcftools; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
out=$SALUS_TMP/out

header() { # samples...
    printf '##fileformat=VCFv4.3\n##contig=<ID=1>\n##contig=<ID=2>\n'
    printf '##INFO=<ID=AF,Number=A,Type=Float,Description="frequency">\n##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
    printf '#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT'; printf '\t%s' "$@"; printf '\n'
}
record() { printf '%s\t%s\t.\tA\tC\t.\tPASS\tAF=0.5\tGT\t%s\t%s\n' "$@"; } # chromosome position call call
body() { for ((i = 1; i <= 3000; ++i)); do record $((i > 1500 ? 2 : 1)) $((i * 20000)) 0/1 1/1; done; }
ingest() { "$SALUS" ingest_genomes --output "$out" --genotypes "$@"; }
# refused CODE INGEST-ARGUMENTS -- TEXT...: this exit code with these texts, without sample names, and no result.
refused() {
    local code=$1 arguments=(); shift
    while [[ $1 != -- ]]; do arguments+=("$1"); shift; done; shift
    rm -rf "$out"
    expect "$code" ingest "${arguments[@]}"
    says "$@"
    ! grep -qE 'secret[AB]' "$SALUS_TMP/stderr" || fail "the message names a person"
    [[ -z $(find "$out" -name genotypes.store 2>/dev/null) ]] || fail "a result was left"
    [[ ! -d $out ]] || nothing_left "$out"
}

{ header secretA secretB; body; } >good.vcf
bgzip -c good.vcf >good.vcf.gz; tabix -p vcf good.vcf.gz
bcftools view -Ob -o good.bcf good.vcf.gz 2>/dev/null
expect 0 ingest good.vcf.gz; rm -rf "$out"
expect 0 ingest good.bcf; rm -rf "$out"
expect 0 ingest good.vcf; rm -rf "$out"       # uncompressed: read, without checksums

refused 2 absent.vcf.gz -- 'absent.vcf.gz' 'no file'
gzip -c good.vcf >plain.vcf.gz
refused 3 plain.vcf.gz -- 'compressed with gzip, not with bgzip' 'bgzip >'
size=$(stat -c %s good.vcf.gz)
head -c $((size - 28)) good.vcf.gz >cut.vcf.gz
refused 3 cut.vcf.gz -- 'end marker is missing' 'cut.vcf.gz'
head -c $((size / 2)) good.vcf.gz >half.vcf.gz
refused 3 half.vcf.gz -- 'the file is cut'
head -c $(($(stat -c %s good.bcf) / 2)) good.bcf >half.bcf
refused 3 half.bcf -- 'the file is cut'
flip() { # from to byte: one changed byte
    cp "$1" "$2"
    printf '\x5a' | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
    ! cmp -s "$1" "$2" || printf '\xa5' | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}
flip good.vcf.gz flip.vcf.gz $((size / 2)); refused 3 flip.vcf.gz -- 'BGZF block at byte'
flip good.bcf flip.bcf 3000; refused 3 flip.bcf -- 'BGZF block at byte'

{ header secretA secretB; record 1 20 0/1 0/0; record 1 10 0/1 0/0; } >unsorted.vcf
refused 3 unsorted.vcf -- 'positions are not sorted' 'site 1:10' 'bcftools sort'
{ header secretA secretB; record 1 20 0/1 0/0; record 2 10 0/1 0/0; record 1 30 0/1 0/0; } >back.vcf
refused 3 back.vcf -- 'a chromosome comes back'
{ header secretA secretA; record 1 20 0/1 0/0; } >twice.vcf
refused 3 twice.vcf -- 'a sample comes twice' 'sample 2 of 2'
{ header secretA secretB; record 1 20 0/1/1 0/0; } >triploid.vcf
refused 3 triploid.vcf -- 'more than two alleles' 'site 1:20' 'on_bad_record'
{ header secretA secretB; record 1 20 0/1 0/7; } >allele.vcf
refused 3 allele.vcf -- 'names an allele that the site does not have'
header secretA secretB >none.vcf
refused 3 none.vcf -- 'there are no variants'
printf 'hello\n' >other.vcf
refused 3 other.vcf -- 'not a VCF file'
printf '\x89HDF\r\n\x1a\n' >result.h5
refused 3 result.h5 -- 'HDF5 file, not genotypes' 'genotypes.store'
refused 3 good.vcf.gz --info AFF -- 'AFF is not declared' 'AF'
refused 3 good.vcf.gz --regions 9 -- 'there are no variants' 'outside the regions'
refused 2 good.vcf.gz --regions 1:9-2 -- 'is not a region'
refused 2 good.vcf.gz --genome_build hg19 -- 'GRCh37'
{ header secretA secretC; record 1 20 0/1 0/0; } >others.vcf
refused 3 good.vcf.gz others.vcf -- 'different samples'
printf 'sample_id\tsex\nsecretA\t1\nsecretA\t2\n' >sheet.tsv
refused 3 good.vcf.gz --sample_sheet sheet.tsv -- 'a sample comes twice' 'sheet.tsv'

# Dosages, lists and a reference genome.
dosages() { # FORMAT call call
    header secretA secretB | sed '/^#CHROM/i ##FORMAT=<ID=DS,Number=A,Type=Float,Description="d">\n##FORMAT=<ID=GP,Number=G,Type=Float,Description="p">'
    printf '1\t20\t.\tA\tC\t.\tPASS\t.\t%s\t%s\t%s\n' "$@"
}
dosages GT:DS 0/0:0 0/1:2.31 >dosage.vcf
refused 3 dosage.vcf -- 'outside [0, 2]' 'site 1:20' 'dosage.vcf' 'dosage_field'
expect 0 ingest dosage.vcf --dosage_field GT; rm -rf "$out"
dosages GT:GP 0/0:1,0,0 0/1:0.5,0.2,0.2 >dosage.vcf
refused 3 dosage.vcf --dosage_field GP -- 'do not add up to 1' 'site 1:20'
refused 3 good.vcf.gz --dosage_field DS -- 'the FORMAT field DS is not declared'
printf 'secretA\nsecretA\nsecretZ\n' >keep.txt
expect 0 ingest good.vcf.gz --sample_list keep.txt; says '1 samples of the sample list have no genotypes'; rm -rf "$out"
printf 'secretZ\n' >keep.txt
refused 3 good.vcf.gz --sample_list keep.txt -- 'no sample of the list'
printf 'secretA\tsecretB\n' >names.txt
refused 3 good.vcf.gz --sample_names names.txt -- 'a sample comes twice' 'names.txt'
printf '1 5 9\n' >regions.txt
refused 3 good.vcf.gz --region_list regions.txt -- 'not a region'
printf '>1\n%s\n' "$(head -c 100 /dev/zero | tr '\0' G)" >g.fa
refused 3 good.vcf.gz --reference g.fa -- 'its index cannot be read' 'samtools faidx'
printf '1\t100\t3\t100\t101\n' >g.fa.fai
refused 3 good.vcf.gz --reference g.fa -- 'REF is not what the reference genome has' '1:20000'

printf '\x6c\x1b\x01\x0e\x0f' >p.bed
printf '1 a 0 5 C A\n1 b 0 6 C A\n' >p.bim
printf 'f secretA 0 0 1 -9\nf secretB 0 0 2 -9\n' >p.fam
expect 0 ingest p.bed; rm -rf "$out"
printf 'f secretX 0 0 2 -9\nf secretY 0 0 2 -9\nf secretZ 0 0 2 -9\n' >>p.fam
refused 3 p.bed -- 'bytes instead of 7' 'p.bed'
head -2 p.fam >q.fam; cp p.bim q.bim; printf '\x6c\x1b\x00\x0e\x0f' >q.bed
refused 3 q.bed -- 'sample-major'
printf '\x6c\x1b\x01\xf2\x0f' >q.bed
refused 3 q.bed -- 'unused bits'
printf 'BAD' >q.bed
refused 3 q.bed -- 'not a PLINK 1 .bed file'

# Bad records can be left out, and are counted.
{ header secretA secretB; record 1 10 0/1 0/0; record 1 20 0/1/1 0/0; } >mixed.vcf
expect 0 ingest mixed.vcf --on_bad_record skip
says '1 malformed records skipped'

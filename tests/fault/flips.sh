#!/usr/bin/env bash
# Seeded single-bit flips and cuts of small genotype files through the whole command. Formats with checksums:
# exit 3, or the very result of the undamaged file. The others: also another result, which is what a digest
# manifest is for: with it every flip ends in exit 6. Never a crash, a hang, or something half-written.
# FLIPS=1000 tests/run.sh ... does all of issue size; the default is a short selection.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
for tool in plink2 bcftools; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
flips=${FLIPS:-8}
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
out=$SALUS_TMP/out
quiet() { "$@" >peer.log 2>&1 || { cat peer.log; exit 1; }; }
quiet plink2 --dummy 40 300 0.05 acgt dosage-freq=0.2 --seed 11 --make-pgen --out d
quiet plink2 --dummy 40 300 0.05 acgt --seed 11 --make-pgen --out h
quiet plink2 --pfile d --export vcf bgz vcf-dosage=DS --out d;
quiet bcftools view -Ob -o d.bcf d.vcf.gz
quiet plink2 --pfile d --export bgen-1.2 bits=8 ref-first --out d
quiet plink2 --pfile h --make-bed --out h

ingest() { "$SALUS" ingest_genomes --output "$out" "$@"; }
# The content of the result, without what names inputs and their digests.
content() { (cd "$out/ingest_genomes/genotypes.store" && sha256sum part-*.h5 | sha256sum); }
flip() { # from to bit
    cp "$1" "$2"
    local byte=$(($3 / 8)) value
    value=$(od -An -tu1 -j "$byte" -N 1 "$1")
    printf "\\x$(printf '%02x' $((value ^ (1 << ($3 % 8)))))" | dd of="$2" bs=1 seek="$byte" conv=notrunc status=none
}
seed=20260101
random() { seed=$(((seed * 1103515245 + 12345) & 0x7fffffffffff)); value=$(((seed >> 8) % $1)); } # below $1, into value

try() { # file checked|unchecked: runs on the damaged file; sets verdict
    local got=0 now
    rm -rf "$out"
    timeout 60 "$SALUS" ingest_genomes --output "$out" --genotypes "$1" 2>stderr || got=$?
    if [[ $got == 0 ]]; then
        now=$(content)
        if [[ $now == "$sound" ]]; then verdict=same; else verdict=changed; fi
    elif [[ $got == 3 ]]; then
        verdict=refused
        grep -q "$(basename "${1%.*}")" stderr || { cat stderr; fail "the message does not name the file"; }
        [[ -z $(find "$out" -name genotypes.store 2>/dev/null) ]] || fail "a result was left"
        [[ ! -d $out ]] || nothing_left "$out"
    else
        cat stderr; fail "exit code $got for $1 ($2)"
    fi
}
for case in d.vcf.gz:checked d.bcf:checked d.bgen:unchecked h.bed:unchecked h.pgen:unchecked; do
    file=${case%:*} kind=${case#*:} stem=${file%%.*} ending=.${file#*.}
    for side in bim fam sample psam pvar; do
        [[ ! -f $stem.$side ]] || cp "$stem.$side" "bad.$side"
    done
    rm -rf "$out"; ingest --genotypes "$file" 2>stderr || { cat stderr; fail "$file itself"; }
    sound=$(content)
    size=$(stat -c %s "$file") same=0 refused=0 changed=0
    for ((n = 0; n < flips; ++n)); do
        random $((size * 8)); flip "$file" "bad$ending" "$value"
        try "bad$ending" "bit $value"
        ((++$verdict)) || true
        if [[ $kind == checked && $verdict == changed ]]; then fail "$file: the flip of bit $value went unnoticed"; fi
    done
    for ((n = 1; n <= 4; ++n)); do
        random "$size"; head -c "$value" "$file" >"bad$ending"
        try "bad$ending" "cut at $value"
        [[ $verdict == refused ]] || fail "$file cut at byte $value was read"
    done
    echo "$file: of $flips flips $refused refused, $same without effect, $changed unnoticed"
    # With the manifest nothing goes unnoticed.
    expect 0 "$SALUS" digest "bad$ending" >/dev/null
    cp "$file" "bad$ending"
    "$SALUS" digest "bad$ending" --output bad.sha256 >/dev/null
    sha256sum --status --check bad.sha256 || fail "sha256sum does not read the manifest"
    rm -rf "$out"; expect 0 ingest --genotypes "bad$ending" --digests bad.sha256
    says 'have the digests of bad.sha256'
    # A bit near the end, so that the header is sound.
    flip "$file" "bad$ending" $((size * 8 - 300)); rm -rf "$out"
    got=0; ingest --genotypes "bad$ending" --digests bad.sha256 2>"$SALUS_TMP/stderr" || got=$?
    [[ $got == 6 || $got == 3 ]] || { cat "$SALUS_TMP/stderr"; fail "exit code $got with a manifest"; }
    [[ $got != 6 ]] || says 'is not the one that the manifest lists' "bad$ending"
    [[ $kind == checked || $got == 6 ]] || fail "the manifest was not used for $file"
    rm -f bad.*
done
# What belongs to a .bed is compared, too; a file that is not listed is refused.
cp h.bed g.bed; cp h.bim g.bim; cp h.fam g.fam
"$SALUS" digest g.bed --output g.sha256 >/dev/null
[[ $(wc -l <g.sha256) == 3 ]] || fail "the manifest lacks .bim or .fam"
sed -i '1s/0\t0\t/0\t1\t/;2s/1$/2/' g.bim; cmp -s g.bim h.bim && sed -i '1s/$/ /' g.bim
rm -rf "$out"; expect 6 ingest --genotypes g.bed --digests g.sha256; says 'g.bim'
rm -rf "$out"; expect 3 ingest --genotypes d.bcf --digests g.sha256; says 'does not list an input file' 'd.bcf'

#!/usr/bin/env bash
# Allele frequencies against bcftools +fill-tags on the same VCF: AC, AN, AF, AC_Het, AC_Hom and AC_Hemi of all samples,
# both sexes, two groups and both sexes of these are identical on autosomes, X, Y and MT; with a minimum count nothing small is left and nothing
# else changed; bcftools reads the file by region; the same bytes on 1 to 4 ranks.
set -euo pipefail
command -v bcftools >/dev/null || { echo "bcftools is not installed"; exit 77; }
bcftools plugin -l 2>/dev/null | grep -q fill-tags || { echo "bcftools has no fill-tags"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
"$SALUS" simulate --samples 400 --formats vcf --region_mb 1 --swapped_sex 0 --seed 5 --output made 2>made.log
vcf=$(find made -name genotypes.vcf.gz -not -path '*/work/*')
cohort=$(dirname "$vcf")
awk -F '\t' 'NR == 1 { print "sample_id\tgroup"; next } { print $1 "\t" (NR % 7 == 0 ? "" : NR % 2 ? "FI" : "PT.north") }' \
    "$cohort/samples.tsv" >groups.tsv
"$SALUS" ingest_genomes --genotypes "$vcf" --sample_sheet "$cohort/samples.tsv" --genome_build GRCh38 --output in 2>in.log
store=in/ingest_genomes/genotypes.store
run() { # folder flags...
    local folder=$1; shift
    "$SALUS" allele_frequencies --genotypes "$store" --groups groups.tsv --output "$folder" "$@" 2>"$folder.log" ||
        { cat "$folder.log"; exit 1; }
}
run all --minimum_count 0 --sex_within_groups true
run five --sex_within_groups true
# The peer: sites as the store has them (one ALT a line), calls it would set missing set missing, populations by file.
awk -F '\t' 'NR > 1 { sex = $2 == 1 ? "XY" : $2 == 2 ? "XX" : "" }
             NR == FNR { s[$1] = sex; next }
             FNR > 1 { pops = s[$1]; if ($2 != "") pops = pops (pops == "" ? "" : "," $2 "_" pops ",") $2; if (pops != "") print $1 "\t" pops }' \
    "$cohort/samples.tsv" groups.tsv >populations.txt
bcftools norm -m -any -Ou "$vcf" 2>norm.log | bcftools +fill-tags -Oz -o peer.vcf.gz -- \
    -t AC,AN,AF,AC_Het,AC_Hom,AC_Hemi -S populations.txt 2>tags.log
fields='%CHROM\t%POS\t%REF\t%ALT'
suffixes=('' _XX _XY _FI _PT.north _FI_XX _FI_XY _PT.north_XX _PT.north_XY)
for suffix in "${suffixes[@]}"; do
    for field in AN AC AC_Het AC_Hom AC_Hemi; do fields+="\t%INFO/$field$suffix"; done
done
query() { bcftools query -f "$1\n" "$2"; }
ours=all/allele_frequencies/allele_frequencies.vcf.gz
diff <(query "$fields" peer.vcf.gz) <(query "$fields" "$ours") >counts.diff || { head counts.diff; exit 1; }
echo "ok      $(query '%POS' "$ours" | wc -l) sites, counts of nine populations are those of bcftools +fill-tags"
for suffix in "${suffixes[@]}"; do
    paste <(query "%INFO/AF$suffix" peer.vcf.gz) <(query "%INFO/AF$suffix" "$ours") <(query "%INFO/AN$suffix" "$ours") |
        awk -v s="$suffix" '$3 > 0 { d = $1 - $2; if (d < 0) d = -d; if (d > 1e-6 + 1e-5 * $1) { print "FAILED  AF" s, $0; exit 1 } }'
done
echo "ok      frequencies to the printed digits"
for chromosome in chrX chrY chrM; do
    [[ $(bcftools query -r "$chromosome" -f '%POS\n' "$ours" | wc -l) -gt 0 ]] || { echo "FAILED  no $chromosome"; exit 1; }
done
[[ $(bcftools index --nrecords "$ours") == $(query '%POS' "$ours" | wc -l) ]]
bcftools view -h "$ours" 2>&1 >/dev/null | grep . && { echo "FAILED  bcftools complains of the header"; exit 1; }
echo "ok      bcftools reads header, regions and index"
/usr/bin/python3 - "$ours" five/allele_frequencies/allele_frequencies.vcf.gz <<'PYTHON'
import gzip, sys
def sites(path):
    with gzip.open(path, "rt") as f:
        for line in f:
            if not line.startswith("#"):
                row = line.rstrip("\n").split("\t")
                yield row[:5], dict(entry.split("=", 1) for entry in row[7].split(";"))
least, hidden, shown = 5, 0, 0
divisions = (("_XX", "_XY"), ("_FI", "_PT.north"))
crossed, whole = [g + s for g in divisions[1] for s in divisions[0]], 0
def people(info, suffix):
    get = lambda name: int(info[name + suffix]) if name + suffix in info else None
    het, hom, hemi = get("AC_Het"), get("AC_Hom"), get("AC_Hemi")
    return None if het is None else (het, hom // 2, hemi)
for (site, full), (same, some) in zip(sites(sys.argv[1]), sites(sys.argv[2]), strict=True):
    assert site == same
    left_out = set(full) - set(some)
    assert all(some[key] == full[key] for key in some if key != "HIDDEN"), (site, some)
    named = {"" if p == "ALL" else "_" + p for p in some.get("HIDDEN", "").split(",") if p}
    for suffix in ["", *divisions[0], *divisions[1], *crossed]:
        gone = any(key + suffix in left_out for key in ("AC", "AF", "AC_Het", "AC_Hom", "AC_Hemi"))
        assert gone == (suffix in named), (site, suffix, some)
        hidden, shown = hidden + gone, shown + (not gone)
        counts = people(some, suffix)
        assert counts is None or all(n == 0 or n >= least for n in counts), (site, some)
        assert "AC" + suffix not in some or int(some["AC" + suffix]) == 0 or sum(people(full, suffix)) >= least
    shown_crossed = {people(some, s) is not None for s in crossed}
    assert len(shown_crossed) == 1, (site, some)  # all or none
    if shown_crossed == {True} and people(full, "") != (0, 0, 0):
        whole += 1
        for k in range(3):
            n = {s: people(full, s)[k] for s in ["", *divisions[0], *divisions[1], *crossed]}
            none = [n[s] - sum(n[g + s] for g in divisions[1]) for s in divisions[0]]
            unknown = [n[g] - sum(n[g + s] for s in divisions[0]) for g in divisions[1]]
            corner = n[""] - n["_XX"] - n["_XY"] - sum(unknown)
            assert all(x == 0 or x >= least for x in [*n.values(), *none, *unknown, corner]), (site, some)
    for parts in divisions:  # the total less the published parts
        for k in range(3):
            if people(some, "") is None:
                continue
            rest = people(full, "")[k] - sum(people(full, s)[k] for s in parts if people(some, s) is not None)
            lost = [people(full, s)[k] for s in parts if people(some, s) is None]
            lost.append(people(full, "")[k] - sum(people(full, s)[k] for s in parts))
            lost = [n for n in lost if n > 0]
            if any(n < least for n in lost):
                assert len(lost) > 1 and rest >= least, (site, some)
assert whole > 100, whole
print(f"ok      both sexes of groups are published on {whole} lines with carriers, where nothing is small")
print(f"ok      minimum count: {hidden} of {hidden + shown} cells hidden, no small number is left or follows")
PYTHON
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
for layout in '1 2' '2 1' '3 1' '4 1'; do
    read -r ranks threads <<<"$layout"
    OMP_NUM_THREADS=$threads mpirun --oversubscribe -n "$ranks" "$SALUS" allele_frequencies --genotypes "$store" \
        --groups groups.tsv --sex_within_groups true --threads "$threads" --output "r$ranks" 2>"r$ranks.log" || { cat "r$ranks.log"; exit 1; }
    cmp five/allele_frequencies/allele_frequencies.vcf.gz "r$ranks/allele_frequencies/allele_frequencies.vcf.gz"
    cmp five/allele_frequencies/allele_frequencies.vcf.gz.tbi "r$ranks/allele_frequencies/allele_frequencies.vcf.gz.tbi"
    rm -rf "r$ranks"
done
echo "ok      the same bytes on 1 to 4 ranks"

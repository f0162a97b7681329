#!/usr/bin/env bash
# Quality of real genotypes against plink2: identical counts and call rates, alt_frequency to 1e-6, exact and
# mid-p Hardy-Weinberg to plink2's six printed digits, F of --het to 1e-6, sex and duplicates of HapMap.
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/hapmap279_snprelate ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

result() { find "$1" -name "$2" -not -path '*/work/*' -print -quit; }
compare() { # name bed-prefix flags...
    local name=$1 bed=$2; shift 2
    "$SALUS" ingest_genomes --genotypes "$bed.bed" --genome_build GRCh37 --output "$name/genomes" 2>"$name.log"
    "$SALUS" quality --genotypes "$(result "$name/genomes" genotypes.store)" --output "$name/quality" 2>>"$name.log"
    plink2 --bfile "$bed" --nonfounders --threads 1 --freq --geno-counts --missing --hardy --het \
        --out "$name/plink" >"$name/plink.log" 2>&1
    plink2 --bfile "$bed" --nonfounders --threads 1 --hardy midp --out "$name/midp" >"$name/midp.log" 2>&1
    # Chromosome X: females alone, renamed to an autosome, is the test of this program.
    if cut -f1 "$bed.bim" | grep -qE '^(X|23)$'; then
        plink2 --bfile "$bed" --chr X --keep-females --make-bed --out "$name/x" >"$name/x.log" 2>&1
        sed -i -E 's/^(X|23)\t/1\t/' "$name/x.bim"
        plink2 --bfile "$name/x" --nonfounders --hardy --out "$name/x" >>"$name/x.log" 2>&1
    fi
    /usr/bin/python3 "$SALUS_SOURCE/tests/peer/quality_compare.py" "$(result "$name/quality" quality.h5)" "$name" "$@"
}
compare hapmap "$data/hapmap279_snprelate/hapmap279" --duplicates "$data/hapmap279_snprelate/expected_plink_king.kin0.gz" \
    --sex "$data/hapmap279_snprelate/expected_plink_sexcheck.sexcheck.gz"
compare kg "$data/kg1092_thinned/kg1092"
compare chr10 "$data/snpstats_casecontrol_chr10/chr10"

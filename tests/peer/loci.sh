#!/usr/bin/env bash
# Loci of real genotypes against other programs.
# Clumps: the published ones of PLINK 1.9 (1000 Genomes, all) and of bigsnpr (0.99 of all; its p-values, put in place of
# ours, have three digits and tie). Conditional and joint effects: lm, glm and Rao's score test of R with the same variants added, to 1e-6 relative
# (fits of R and ours stop within 1e-8). Credible sets from dosages: susieR's published ones exactly, probabilities to 1e-3,
# evidence bound to 1e-2 (dosages are kept in 1/16384). With covariates, and for binary traits: susieR on residuals, if it is
# installed, to 1e-7 (its search for the prior variance ends within 1.5e-8).
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/kg1092_thinned ]] || { echo "no reference data"; exit 77; }
command -v Rscript >/dev/null || { echo "R is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py and python3-numpy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/loci_compare.py" "$@"; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }

prepare() { # name genotypes traits covariates: table $1.csv is there
    local name=$1 genotypes=$2 flags=() t
    for t in $3; do flags+=(--table_traits "$t"); done
    for t in $4; do flags+=(--table_covariates "$t"); done
    quiet "$SALUS" ingest_genomes --genotypes "$genotypes" --genome_build GRCh37 --output "$name/genomes"
    store=$name/genomes/ingest_genomes/genotypes.store
    quiet "$SALUS" phenotypes --genotypes "$store" --table "$name.csv" "${flags[@]}" --sex false --groups false --output "$name/phenotypes"
    quiet "$SALUS" association --genotypes "$store" --phenotypes "$name/phenotypes/phenotypes/phenotypes.h5" \
        --minor_allele_count_min 1 --output "$name/association"
}
find_loci() { # name output flags...
    local name=$1 output=$2; shift 2
    quiet "$SALUS" loci --genotypes "$name/genomes/ingest_genomes/genotypes.store" \
        --association "$name/association/association/association.h5" \
        --phenotypes "$name/phenotypes/phenotypes/phenotypes.h5" --output "$name/$output" "$@"
}

# 1000 Genomes: clumps at p < 0.01 as published; conditional signals at a loose threshold.
kg=$data/kg1092_thinned
compare join "$kg/pheno.txt" "$kg/covar.txt" kg.csv
prepare kg "$kg/kg1092.bed" 'q1 bt' 'sex01 age PC1 PC2 PC3 PC4 PC5'
find_loci kg clumps --traits q1 --p_max 0.01 --signals_max 1 --fine_map_variants_max 2
compare clumps kg/clumps/loci/loci.h5 "$kg/expected_plink19_clump_q1_p0.01_r0.1_kb250.snps"
find_loci kg signals --p_max 0.004 --locus_kb 1500
compare signals kg/signals/loci/loci.h5 "$kg/kg1092" kg.csv
Rscript "$SALUS_SOURCE/tests/peer/loci_compare.R" kg.csv genotypes.csv signals.csv

# bigsnpr: clumps of all variants.
bigsnpr=$data/bigsnpr_example
compare table "$bigsnpr/example.fam" bigsnpr.csv
prepare bigsnpr "$bigsnpr/example.bed" y ''
compare replace bigsnpr/association/association/association.h5 "$bigsnpr/expected_bigsnpr_pval.tsv.gz"
find_loci bigsnpr clumps --p_max 1 --clump_p_max 1 --clump_r2 0.2 --clump_kb 250 --signals_max 1 --fine_map_variants_max 2
compare kept bigsnpr/clumps/loci/loci.h5 "$bigsnpr/expected_bigsnpr_clumping.tsv.gz"

# susieR's example: dosages of a whole locus, no covariates.
compare vcf "$data/susie_n3" susie.vcf susie.csv
prepare susie susie.vcf 'Y1 Y2' ''
find_loci susie sets --p_max 1e-8 --locus_kb 5000
compare susie susie/sets/loci/loci.h5 "$data/susie_n3"

# With covariates: a simulated locus with two causal variants, quantitative and binary.
Rscript -e 'library(susieR)' >/dev/null 2>&1 || { echo "susieR is not installed: credible sets with covariates are not compared"; exit 0; }
quiet "$SALUS" simulate --samples 800 --region_mb 1 --chromosomes chr1 --formats bed --output simulated --seed 11
bed=$(find simulated -name genotypes.bed)
compare plant "$bed" planted.csv
prepare planted "$bed" 'q b' 'age pc'
find_loci planted sets --p_max 1e-4 --locus_kb 400
compare design planted/sets/loci/loci.h5 "$bed"
Rscript "$SALUS_SOURCE/tests/peer/loci_compare.R" planted.csv genotypes.csv sets.csv

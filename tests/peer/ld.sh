#!/usr/bin/env bash
# LD pruning against plink2 --indep-pairwise: exactly the same kept set on real genotypes and on a simulated cohort,
# with windows by count and by distance, with missing calls, and on chromosome X. LD scores against exact ones, abs
# 1e-4 (the table has seven digits); LD matrices against numpy to the rounding of int16.
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/kg1092_thinned ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py and python3-numpy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/ld_compare.py" "$@"; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }

# A PLINK 1 set with unique identifiers and without families: plink2 leaves children out, Salus counts everybody.
prepare() { # prefix-to-read name flags...
    local from=$1 name=$2; shift 2
    quiet plink2 --bfile "$from" "$@" --threads 1 --make-bed --out "$name"
    awk 'BEGIN { OFS = "\t" } { $2 = "v" NR; print }' "$name.bim" >"$name.new"; mv "$name.new" "$name.bim"
    awk '{ $3 = 0; $4 = 0; print }' "$name.fam" >"$name.new"; mv "$name.new" "$name.fam"
    quiet "$SALUS" ingest_genomes --genotypes "$name.bed" --genome_build GRCh37 --output "$name.genomes"
}
prune() { # name output flags...
    local name=$1 output=$2; shift 2
    quiet "$SALUS" ld --genotypes "$name.genomes/ingest_genomes/genotypes.store" --output "$output" --threads 1 "$@"
    grep -h 'segments' run.log
}
check() { # name maf chromosome-flags plink-arguments -- our flags
    local name=$1 maf=$2 chromosomes=$3 arguments=$4; shift 4
    local output=$name.$((++runs))
    read -ra arguments <<<"$arguments"; read -ra chromosomes <<<"$chromosomes"
    quiet plink2 --bfile "$name" "${chromosomes[@]}" --maf "$maf" --indep-pairwise "${arguments[@]}" --threads 1 --out "$output"
    prune "$name" "$output.out" --minor_allele_frequency_min "$maf" "$@"
    compare same "$output.out/ld/ld.h5" "$output.prune.in"
}
runs=0

prepare "$data/kg1092_thinned/kg1092" kg
check kg 0.0 --autosome '50 5 0.2' --r2_max 0.2 --window_variants 50 --step_variants 5
check kg 0.01 --autosome '500 50 0.1' --r2_max 0.1
check kg 0.05 --autosome '5000kb 0.05' --r2_max 0.05 --window_kb 5000
prepare "$data/hapmap279_snprelate/hapmap279" hapmap
check hapmap 0.0 --autosome '50 5 0.2' --r2_max 0.2 --window_variants 50 --step_variants 5
check hapmap 0.02 '--chr 1-22,X' '100 7 0.3' --r2_max 0.3 --window_variants 100 --step_variants 7 --include_x true
check hapmap 0.0 --autosome '2000kb 0.1' --r2_max 0.1 --window_kb 2000
prepare "$data/snpstats_casecontrol_chr10/chr10" chr10
check chr10 0.01 --autosome '500 50 0.2' --r2_max 0.2
check chr10 0.0 --autosome '50 1 0.5' --r2_max 0.5 --window_variants 50 --step_variants 1
check chr10 0.01 --autosome '250kb 0.2' --r2_max 0.2 --window_kb 250

# The thinned 1000 Genomes set as published, with the identifiers of the file.
quiet "$SALUS" ingest_genomes --genotypes "$data/kg1092_thinned/kg1092.bed" --output published.genomes
prune published published.out --minor_allele_frequency_min 0 --r2_max 0.2 --window_variants 50 --step_variants 5
compare same published.out/ld/ld.h5 "$data/kg1092_thinned/expected_plink_prune_50_5_0.2.prune.in.gz"

# Simulated genomes: dense, rare and common variants, many with missing calls.
quiet "$SALUS" simulate --samples 1500 --region_mb 3 --output simulated --seed 5
prepare "$(find simulated -type d -name cohort)/genotypes" cohort --max-alleles 2
check cohort 0.001 --autosome '500 50 0.2' --r2_max 0.2
check cohort 0.01 --autosome '100kb 0.2' --r2_max 0.2 --window_kb 100

# LD scores of an exact window; all variants, as the table has them.
bolt=$data/bolt_eur379
quiet plink2 --bfile "$bolt/EUR_subset" --chr 22 --threads 1 --make-bed --out chr22
quiet "$SALUS" ingest_genomes --genotypes chr22.bed --genome_build GRCh37 --output chr22.genomes
prune chr22 chr22.out --minor_allele_frequency_min 0 --ld_scores true --ld_score_window_kb 1000
compare scores chr22.out/ld/ld.h5 "$bolt/expected_ldscore_chr22_kb1000.tsv.gz" 1e-4

# LD matrices, with missing calls.
prune chr10 blocks.out --minor_allele_frequency_min 0.01 --write_blocks true --block_variants_max 300 --ld_score_window_kb 100
compare blocks blocks.out/ld/ld.h5 chr10 300

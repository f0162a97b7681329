#!/usr/bin/env bash
# Principal components of real genotypes against plink2 --pca (exact) and a dense eigendecomposition in numpy:
# eigenvalues to 1e-4, coordinates of separated components to |r| > 0.9999; projection of held-out samples onto
# saved loadings against the same sums in numpy; the same bytes on 1 to 4 ranks and 1 or 2 threads.
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/kg1092_thinned ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

ingest() { "$SALUS" ingest_genomes --genotypes "$1.bed" --genome_build GRCh37 --output "$2" 2>"$2.log"; }
components() { # output store flags...
    local out=$1 store=$2; shift 2
    "$SALUS" principal_components --genotypes "$store/ingest_genomes/genotypes.store" --output "$out" "$@" 2>"$out.log" ||
        { cat "$out.log"; exit 1; }
}
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/principal_components_compare.py" "$@"; }
result() { echo "$1/principal_components/components.h5"; }

kg=$data/kg1092_thinned/kg1092 hapmap=$data/hapmap279_snprelate/hapmap279
ingest "$kg" kg
components kg_pc kg
compare exact "$(result kg_pc)" "$kg" "$data/kg1092_thinned/expected_plink2_pca_maf01.eigenval" \
    "$data/kg1092_thinned/expected_plink_pca_maf01.eigenvec.gz"

# HapMap has missing calls: plink2 divides by the pairs that are called unless it is told to impute the mean.
plink2 --bfile "$hapmap" --nonfounders --autosome --maf 0.01 --pca meanimpute 10 --threads 1 --out hapmap >hapmap.plink 2>&1
ingest "$hapmap" hm
components hm_pc hm
compare exact "$(result hm_pc)" "$hapmap" hapmap.eigenval hapmap.eigenvec

# The simulated sample cohort: gaps, families and faulty samples.
plink2 --vcf "$SALUS_SOURCE/data-samples/genotypes.vcf.gz" --max-alleles 2 --autosome --make-bed --out cohort >cohort.plink 2>&1
plink2 --bfile cohort --nonfounders --maf 0.01 --pca meanimpute 10 --threads 1 --out cohort >>cohort.plink 2>&1
ingest cohort co
components co_pc co
compare exact "$(result co_pc)" cohort cohort.eigenval cohort.eigenvec

# Every third person is held out and projected.
awk 'NR % 3 == 0 { print $1, $2 }' "$kg.fam" >held_out.txt
plink2 --bfile "$kg" --remove held_out.txt --make-bed --out reference >reference.plink 2>&1
plink2 --bfile "$kg" --keep held_out.txt --make-bed --out others >others.plink 2>&1
ingest reference ref; ingest others oth
components ref_pc ref --components 4
components oth_pc oth --loadings "$(result ref_pc)"
compare projection "$(result ref_pc)" reference "$(result oth_pc)" others

for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    read -r ranks threads <<<"$layout"
    OMP_NUM_THREADS=$threads mpirun --oversubscribe -n "$ranks" "$SALUS" principal_components --components 4 --threads "$threads" \
        --genotypes ref/ingest_genomes/genotypes.store --output "r$ranks$threads" 2>"r$ranks$threads.log"
    cmp "$(result ref_pc)" "$(result "r$ranks$threads")" || { echo "results differ on $layout"; exit 1; }
done
echo "ok      the same bytes on 1 to 4 ranks and 1 or 2 threads"

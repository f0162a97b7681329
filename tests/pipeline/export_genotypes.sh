#!/usr/bin/env bash
# Exports are the same bytes on 1 to 4 ranks, and what is exported, ingested and exported again is the same.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
salus() { mpirun --oversubscribe -n "$1" "$SALUS" "${@:2}" 2>log || { cat log; exit 1; }; }
salus 1 simulate --samples 150 --region_mb 0.2 --missing_rate 0.01 --formats bcf --output cohort
salus 2 ingest_genomes --genotypes cohort/simulate/cohort/genotypes.bcf \
    --sample_sheet cohort/simulate/cohort/samples.tsv --output store
store=store/ingest_genomes/genotypes.store
for format in pgen bed bcf vcf; do
    for ranks in 1 2 3 4; do
        salus $ranks export_genotypes --genotypes $store --format $format --output $format$ranks
        (cd $format$ranks/export_genotypes/files && sha256sum genotypes.*) >$format$ranks.sha256
        cmp $format$ranks.sha256 ${format}1.sha256 || { echo "$format differs on $ranks ranks"; exit 1; }
    done
done
for format in pgen bed bcf vcf; do
    file=$(ls ${format}1/export_genotypes/files/genotypes.{pgen,bed,bcf,vcf.gz} 2>/dev/null || true)
    salus 2 ingest_genomes --genotypes "$file" --sample_sheet cohort/simulate/cohort/samples.tsv --output $format-again
    salus 1 export_genotypes --genotypes $format-again/ingest_genomes/genotypes.store --format pgen --output $format-pgen
    cmp $format-pgen/export_genotypes/files/genotypes.pgen pgen1/export_genotypes/files/genotypes.pgen ||
        { echo "genotypes differ after a way through $format"; exit 1; }
done

#!/usr/bin/env bash
# Ancestry of real genotypes against R: Mahalanobis distances, posterior probabilities and cross-validation of
# 1000 Genomes populations from the same coordinates; continental groups are found again.
set -euo pipefail
data=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $data ]] || { echo "no reference data"; exit 77; }
command -v Rscript >/dev/null || { echo "R is not installed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

"$SALUS" ingest_genomes --genotypes "$data/kg1092.bed" --genome_build GRCh37 --output kg 2>kg.log
"$SALUS" principal_components --genotypes kg/ingest_genomes/genotypes.store --output pc 2>pc.log
components=pc/principal_components/components.h5
awk -F'\t' 'NR == 1 { print "sample_id\tgroup" } NR > 1 { print $1 "\t" $3 }' "$data/samples.tsv" >population.tsv
awk -F'\t' 'BEGIN { split("GBR EUR FIN EUR IBS EUR CEU EUR TSI EUR CHS EAS CHB EAS JPT EAS YRI AFR LWK AFR", a, " ")
        for (k = 1; k in a; k += 2) group[a[k]] = a[k + 1] }
    NR == 1 { print "sample_id\tgroup" } NR > 1 { print $1 "\t" ($3 in group ? group[$3] : "NA") }' "$data/samples.tsv" >continent.tsv
for labels in population continent; do
    "$SALUS" ancestry --components "$components" --labels "$labels.tsv" --components_count 6 --output "$labels" 2>"$labels.log"
    for table in samples groups accuracy; do
        "$SALUS" export "$labels/ancestry/ancestry.h5" --table "$table" --output "$labels.$table.tsv" >/dev/null 2>&1
    done
done
for table in samples eigenvalues; do
    "$SALUS" export "$components" --table "$table" --output "pc.$table.tsv" >/dev/null 2>&1
done
Rscript "$SALUS_SOURCE/tests/peer/ancestry_compare.R" .

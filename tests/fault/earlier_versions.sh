#!/usr/bin/env bash
# Stores and results that earlier versions wrote (earlier_versions.tar.xz: 24 simulated people, 29 variants): read to the same numbers,
# or refused with an exit code and the command that makes them anew; never a crash, never another number.
#   format_1   genotype store, event store and quality.h5 written by the program of 24 November 2026 (commit d3ee329), the last one
#              with format 1 of genotype and event stores
#   format_2   genotype and event store of the same files by the program of 30 November 2026
# A change of a format adds a folder here, made by the last program that wrote the old one, and its lines below.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
tar -xJf "$SALUS_SOURCE/tests/fault/earlier_versions.tar.xz"

echo "--- refused with a command"
expect 3 "$SALUS" quality --genotypes format_1/genotypes.store --output refused
says "genotype store has format version 1" "salus ingest_genomes --genotypes FILES --output FOLDER"
expect 3 "$SALUS" phenotypes --genotypes format_2/genotypes.store --events format_1/events.h5 \
    --definitions "$SALUS_SOURCE/pipelines/phenotypes/demo.toml" --output refused
says "event store is of version 1" "salus ingest_health --omop FOLDER --links FILE --output FOLDER"
expect 6 "$SALUS" verify format_1/genotypes.store
says "salus ingest_genomes"
[[ ! -e refused ]] || fail "a refused job left something"

echo "--- read to the same numbers"
expect 0 "$SALUS" quality --genotypes format_2/genotypes.store --output now
expect 0 "$SALUS" export format_1/quality.h5 --table variants --output before.tsv
expect 0 "$SALUS" export now/quality/quality.h5 --table variants --output now.tsv
[[ $(wc -l <before.tsv) == 30 ]] || fail "the earlier result has $(wc -l <before.tsv) lines"
columns() { awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i }
    { print $at["base_pair_location"], $at["other_allele"], $at["effect_allele"], $at["hom_ref"], $at["het"], $at["hom_alt"], $at["missing"] }' "$1"; }
diff <(columns before.tsv) <(columns now.tsv) || fail "counts differ from those of an earlier version"
expect 0 "$SALUS" export_genotypes --genotypes format_2/genotypes.store --quality format_1/quality.h5 --output exported
expect 0 "$SALUS" phenotypes --genotypes format_2/genotypes.store --events format_2/events.h5 \
    --definitions "$SALUS_SOURCE/pipelines/phenotypes/demo.toml" --output traits
for result in format_1/quality.h5 format_2/events.h5; do "$SALUS" show "$result" >/dev/null; done
expect 0 "$SALUS" verify format_2/genotypes.store format_2/events.h5 format_1/quality.h5

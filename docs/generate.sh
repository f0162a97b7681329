#!/usr/bin/env bash
# Writes everything in docs/ that the program knows better than we do: docs/reference/*.md, docs/schema/*.json
# and the table of stages in the README.
#   docs/generate.sh [FOLDER]    FOLDER: write there instead (the test compares)
# The program is $SALUS, or build/dev/salus.
set -euo pipefail
source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
salus=${SALUS:-$source_folder/build/dev/salus}
target=${1:-$source_folder}
[[ -x $salus ]] || { echo "generate.sh: no program at $salus; build it or set SALUS" >&2; exit 2; }

mkdir -p "$target/docs/reference" "$target/docs/schema"
rm -f "$target"/docs/reference/*.md "$target"/docs/schema/*.json
for stage in $("$salus" describe --format names); do
    "$salus" describe "$stage" --format markdown >"$target/docs/reference/$stage.md"
done
for topic in job pipeline phenotype site; do
    "$salus" describe "$topic" --format markdown >"$target/docs/reference/$topic.md"
    "$salus" describe "$topic" --format json-schema >"$target/docs/schema/$topic.schema.json"
done
"$salus" describe salus --format markdown >"$target/docs/reference/salus.md"

{
    printf '# Reference\n\nWritten by `docs/generate.sh` from the declarations in the program.\n\n'
    printf -- '- [salus](salus.md): commands, options and exit codes\n- [job](job.md): job files\n'
    printf -- '- [pipeline](pipeline.md): pipeline files\n- [phenotype](phenotype.md): phenotype definitions\n'
    printf -- '- [site](site.md): profiles of computing centres for salus submit\n\n'
    printf '| stage | what it does |\n| --- | --- |\n'
    "$salus" describe | sed -E 's/^([^ ]+) +(.*)$/| [\1](\1.md) | \2 |/'
} >"$target/docs/reference/README.md"

readme=$source_folder/README.md
[[ -f $readme ]] || exit 0
table=$("$salus" describe --format markdown)
awk -v table="$table" '
    /<!-- stages -->/   { print; print table; inside = 1; next }
    /<!-- \/stages -->/ { inside = 0 }
    !inside             { print }' "$readme" >"$target/README.md.new"
mv "$target/README.md.new" "$target/README.md"

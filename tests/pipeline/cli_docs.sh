#!/usr/bin/env bash
# docs/reference, docs/schema and the table of stages in the README are what the program says today, and
# every pipeline and the templates fit the program and the JSON schemas.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"
mkdir -p "$SALUS_TMP"
bash "$SALUS_SOURCE/docs/generate.sh" "$SALUS_TMP"
for part in docs/reference docs/schema README.md; do
    diff -r "$SALUS_SOURCE/$part" "$SALUS_TMP/$part" || fail "$part is out of date: run docs/generate.sh"
done
if command -v groff >/dev/null; then
    for topic in salus $("$SALUS" describe --format names); do
        "$SALUS" describe "$topic" --format man | groff -man -Tutf8 -ww 2>&1 >/dev/null | grep . && fail "man page of $topic"
    done
fi
/usr/bin/python3 - "$SALUS_SOURCE" "$SALUS_TMP" <<'END' || fail 'schemas'
import json, pathlib, sys
try:
    import jsonschema, tomllib
except ImportError:
    sys.exit(0)  # not part of the base system
source, made = map(pathlib.Path, sys.argv[1:])
for kind, folder in (("job", "jobs"), ("pipeline", "pipelines"), ("phenotype", "pipelines/phenotypes"), ("site", "slurm")):
    schema = json.loads((made / f"docs/schema/{kind}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for file in sorted((source / folder).glob("*.toml")):
        jsonschema.validate(tomllib.loads(file.read_text()), schema)
END

#!/usr/bin/env bash
# Files stay short, tests mirror sources, and nothing in the tree names a machine or is left open.
set -euo pipefail
cd "$SALUS_SOURCE"
failed=0
report() { [[ -z $2 ]] || { echo "$1:"; echo "$2"; failed=1; }; }
files=$(find src tests -name '*.cpp' -o -name '*.hpp')
report 'files over 500 lines' "$(wc -l $files | awk '$2 != "total" && $1 > 500')"
report 'left open' "$(grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' src tests docs pipelines jobs slurm README.md --include='*' | grep -v 'tests/layout/files.sh' || true)"
report 'machine paths' "$(grep -rnE '(^|[^.A-Za-z])/(home|work|root)/' src docs pipelines jobs slurm data-samples README.md --include='*.md' || true)"
report 'headers without #pragma once' "$(find src -name '*.hpp' | xargs grep -L '#pragma once' || true)"
exit $failed

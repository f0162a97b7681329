#!/usr/bin/env bash
# No two types of one namespace share a name: the linker would mix them without a word.
set -euo pipefail
cd "$SALUS_SOURCE/src"
doubled=$(find . -name '*.hpp' -o -name '*.cpp' | sort | xargs awk '
    FNR == 1 { space = ""; hidden = 0 }
    /^namespace [a-z:_0-9]+ \{/ { space = $2 }
    /^namespace \{/ { hidden = 1 }
    /^\}  ?\/\/ namespace$/ { hidden = 0 }
    !hidden && /^(struct|class|enum class) [A-Za-z0-9]+ [:{]/ || !hidden && /^(struct|class) [A-Za-z0-9]+ final/ {
        name = $1 == "enum" ? $3 : $2; print space "::" name, FILENAME
    }' | sort | awk '{ n[$1]++; files[$1] = files[$1] " " $2 } END { for (k in n) if (n[k] > 1) print k ":" files[k] }')
[[ -z $doubled ]] || { echo "types defined twice:"; echo "$doubled"; exit 1; }

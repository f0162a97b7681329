#!/usr/bin/env bash
# Sources of a folder are compiled together: no two of them give one name to types or constants that are theirs alone (unnamed
# namespaces, static), nor define one function twice; overloads are different functions, and an alias may be repeated. Kernels
# stand alone.
set -euo pipefail
cd "$SALUS_SOURCE"
doubled=$(find src tests/unit -name '*.cpp' ! -path 'src/kernels/*' | sort | xargs awk '
    function found(name, meaning) { if (!seen[FILENAME, name]++) print folder "::" name "\t" FILENAME "\t" meaning }
    # name(types): without names of parameters, defaults and blanks
    function signature(text,    name, types, parts, n, i, depth, c, part) {
        name = text; sub(/\(.*/, "", name); sub(/.*[^A-Za-z0-9_]/, "", name)
        sub(/^[^(]*\(/, "", text); sub(/\)[^)]*$/, "", text)
        text = text ","
        for (i = 1; i <= length(text); ++i) {
            c = substr(text, i, 1)
            depth += (c ~ /[<({]/) - (c ~ /[>)}]/)
            if (c != "," || depth > 0) { part = part c; continue }
            sub(/ *= .*/, "", part); sub(/ [a-z_][a-z0-9_]*$/, "", part); gsub(/ /, "", part)
            types = types "," part; part = ""
        }
        return name "(" substr(types, 2) ")"
    }
    FNR == 1 { hidden = raw = 0; open = ""; folder = FILENAME; sub(/\/[^\/]*$/, "", folder) }
    raw { raw = !/\)[a-z]*"/; if (raw) next; sub(/.*\)[a-z]*"/, " ") }
    { raw = /R"[a-z]*\(/ && !/R"[a-z]*\(.*\)[a-z]*"/ }
    /^namespace \{/ { hidden = 1; next }
    /^\} *\/\/ namespace$/ { hidden = 0 }
    open != "" { open = open " " $0 }
    open == "" {
        if (!(hidden || /^static /) || /^([ }#\/]|$|namespace|template|extern|using [^=]*;|static_assert)/ || /operator/) next
        if (/^using [A-Za-z0-9_]+ =/) { found($2, $0); next }
        if (/^(struct|class|union|enum|enum class) [A-Za-z0-9_]+ [:{f]/) { found($1 == "enum" && $2 == "class" ? $3 : $2, FILENAME); next }
        if (/^[^(]*[={]/) { sub(/(\[[^\]]*\])* *[={].*/, ""); sub(/.*[ *&]/, ""); found($0, FILENAME); next }
        if (!/\(/) next
        open = $0
    }
    open ~ /\{ *$|\{.*\}|;/ { if (open ~ /\{/) found(signature(substr(open, 1, index(open, "{") - 1)), FILENAME); open = "" }
    ' | sort | awk -F '\t' '!meant[$1, $3]++ { n[$1]++; files[$1] = files[$1] " " $2 }
        END { for (k in n) if (n[k] > 1) print k ":" files[k] }' | sort)
[[ -z $doubled ]] || { echo "what one source has for itself, another of its folder has too:"; echo "$doubled"; exit 1; }

#!/usr/bin/env bash
# What all ranks need of a file is read by root and given to the others: a rank beside root opens neither the job, nor the
# pipeline, nor a result that every rank reads alike. Rows of its own units it reads itself.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
strace -o /dev/null true 2>/dev/null || { echo "strace is not installed or not allowed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"

out=$SALUS_TMP/out
plain=("$SALUS" run "$demo_job" --output "$out" --until association --threads 1)
mpirun --oversubscribe -n 1 strace -f -qq -e trace=open,openat -o "$SALUS_TMP/root" "${plain[@]}" : \
    -n 1 strace -f -qq -e trace=open,openat -o "$SALUS_TMP/other" "${plain[@]}" 2>"$SALUS_TMP/log" || { cat "$SALUS_TMP/log"; exit 1; }
diff -r "$SALUS_DEMO/association" "$out/association" || fail "the result differs"

opens() { grep -v 'ENOENT\|O_CREAT\|O_DIRECTORY' "$SALUS_TMP/$1" | grep -cE "\"[^\"]*$2\"" || true; }
for file in demo.toml 'pipelines/[^"]*.toml' phenotypes.h5; do
    [[ $(opens root "$file") -gt 0 ]] || fail "root never opened $file"
    [[ $(opens other "$file") == 0 ]] || fail "a rank beside root opened $file $(opens other "$file") times"
done
[[ $(opens other 'quality.h5') -le 1 ]] || fail "a rank beside root opened quality.h5 more than once"

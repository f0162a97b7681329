# Sourced by tests that run the demo job and compare with the finished one in $SALUS_DEMO.
demo_job=$SALUS_SOURCE/jobs/demo.toml
demo_results=(ingest_genomes ingest_health phenotypes quality association risk report)

fail() { echo "FAILED: $*" >&2; exit 1; }

# same_as_demo FOLDER: all result files have the bytes of the demo.
same_as_demo() {
    local stage
    for stage in "${demo_results[@]}"; do
        diff -r "$SALUS_DEMO/$stage" "$1/$stage" || fail "$stage differs from the undisturbed run"
    done
}

# expect CODE COMMAND...: runs it with stderr to $SALUS_TMP/stderr and checks the exit code.
expect() {
    local wanted=$1 got=0
    shift
    "$@" 2>"$SALUS_TMP/stderr" || got=$?
    [[ $got == "$wanted" ]] || { cat "$SALUS_TMP/stderr" >&2; fail "exit code $got instead of $wanted: $*"; }
}

# says TEXT...: every text stands in the last stderr.
says() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" "$SALUS_TMP/stderr" || { cat "$SALUS_TMP/stderr" >&2; fail "the message lacks: $text"; }
    done
}

# nothing_left FOLDER: no temporary file anywhere below.
nothing_left() {
    local found
    found=$(find "$1" -name '*.tmp-*' 2>/dev/null | head -3)
    [[ -z $found ]] || fail "left behind: $found"
}

#!/usr/bin/env bash
# A seeded selection of tests/fault/torture.py: faults x calls or moments x every stage x ranks; every case ends with the bytes
# of an undisturbed run. A failure prints the option that repeats it. At length: tests/bench/torture.sh.sh
set -euo pipefail
command -v cc >/dev/null || { echo "cc is not installed"; exit 77; }
mpirun --version >/dev/null
torture() { /usr/bin/python3 "$SALUS_SOURCE/tests/fault/torture.py" --salus "$SALUS" --source "$SALUS_SOURCE" --work "$SALUS_TMP" "$@"; }
torture --seed "${TORTURE_SEED:-1}" --cases "${TORTURE_CASES:-60}" --budget "${TORTURE_SECONDS:-45}"

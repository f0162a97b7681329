#!/usr/bin/env bash
# A seeded selection of tests/fault/torture.py: faults x calls or moments x stages x ranks; every case ends with the bytes
# of an undisturbed run. A failure prints the option that repeats it. At length:
#   tests/fault/torture.py --salus PROGRAM --source . --work FOLDER --seed 2 --cases 10000 | --sweep kill | --sweep errno | --cycles 1000
set -euo pipefail
for tool in strace cc; do command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }; done
strace -o /dev/null true 2>/dev/null || exit 77
mpirun --version >/dev/null
/usr/bin/python3 "$SALUS_SOURCE/tests/fault/torture.py" --salus "$SALUS" --source "$SALUS_SOURCE" --work "$SALUS_TMP" \
    --seed "${TORTURE_SEED:-1}" --cases "${TORTURE_CASES:-60}" --budget "${TORTURE_SECONDS:-45}"

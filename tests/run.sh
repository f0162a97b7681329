#!/usr/bin/env bash
# Installs what is missing, builds and passes the unit tests under the address and undefined-behaviour sanitizers,
# and then all tests.
#   tests/run.sh [--no-install] [--no-sanitizers]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$here/jobs/packages.sh"
install=yes sanitizers=yes
for option in "$@"; do
    case $option in
        --no-install) install=no ;;
        --no-sanitizers) sanitizers=no ;;
        -h | --help) sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "run.sh: unknown option $option (try --help)" >&2; exit 2 ;;
    esac
done
need_packages "$install" "${build_packages[@]}" "${test_packages[@]}"
allow_root_mpi
cd "$here"
if [[ $sanitizers == yes ]]; then
    cmake --preset asan -D SALUS_DEBUG_INFO=OFF -D SALUS_ONCE=ON >/dev/null
    cmake --build --preset asan --target unit_tests
    ctest --preset asan
fi
cmake --preset dev -D SALUS_DEBUG_INFO=OFF -D SALUS_ONCE=ON >/dev/null
cmake --build --preset dev
ctest --preset dev

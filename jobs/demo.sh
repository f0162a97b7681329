#!/usr/bin/env bash
# Installs what is missing, builds, and runs the main job on data-samples.
#   jobs/demo.sh [--no-install] [--ranks N] [--output DIR]
#     --no-install   only check the Debian packages and name what is missing
#     --ranks N      MPI ranks (default 2)
#     --output DIR   where results go (default out/demo)
# SALUS=PROGRAM in the environment uses that program and builds nothing; so does an installed demo.sh with the program installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$here/jobs/packages.sh"
install=yes ranks=2 output=$here/out/demo
if [[ ! -e $here/CMakeLists.txt ]]; then # installed: with the program there, and results in the working folder
    SALUS=${SALUS:-$(cd "$here/../../bin" && pwd)/salus} output=$PWD/out/demo
fi
while (($#)); do
    case $1 in
        --no-install) install=no; shift ;;
        --ranks) ranks=${2:?--ranks needs a number}; shift 2 ;;
        --output) output=${2:?--output needs a folder}; shift 2 ;;
        -h | --help) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "demo.sh: unknown option $1 (try --help)" >&2; exit 2 ;;
    esac
done
[[ $output == /* ]] || output=$PWD/$output
[[ $ranks =~ ^[1-9][0-9]*$ ]] || { echo "demo.sh: --ranks takes a number, not '$ranks'" >&2; exit 2; }

if [[ -z ${SALUS:-} ]]; then
    need_packages "$install" "${build_packages[@]}"
    cd "$here"
    cmake --preset release >"$here/.configure.log" 2>&1 || { cat "$here/.configure.log" >&2; rm -f "$here/.configure.log"; exit 1; }
    rm -f "$here/.configure.log"
    cmake --build --preset release
    SALUS=$here/build/release/salus
fi

allow_root_mpi
mpirun --oversubscribe -n "$ranks" "$SALUS" run "$here/jobs/demo.toml" --output "$output"

echo
echo "Main findings:"
head -n 3 "$output/report/findings.txt" | sed 's/^/  - /'
echo
echo "Result sets:  $output/{phenotypes,quality,association,risk}/*.h5   (salus show FILE)"
echo "Report:       $output/report/report.html"

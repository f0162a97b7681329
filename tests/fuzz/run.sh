#!/usr/bin/env bash
# Fuzzes the readers of genotypes and health records: clang's libFuzzer with address and undefined-behaviour sanitizer.
# Usage: tests/fuzz/run.sh [--runs N] [--seconds S] [--timeout S] [--build FOLDER] [--corpus FOLDER] [TARGET...]
# --timeout: seconds for one input, 20 unless told; more where the machine is busy.
# Nightly: tests/fuzz/run.sh --runs 1000000 --corpus ~/salus-corpus
# The corpus is kept from night to night (outside the source tree) and grows by what finds new ways through
# the code. An input that crashes is left in BUILD/crashes/TARGET-*, and the exit code is then 1.
set -euo pipefail
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
runs=1000000 seconds=0 timeout=20 build=$source_tree/build/fuzz corpus=$source_tree/build/fuzz/corpus targets=()
while (($#)); do
    case $1 in
        --runs) runs=$2; shift 2 ;;
        --seconds) seconds=$2; shift 2 ;;
        --timeout) timeout=$2; shift 2 ;;
        --build) build=$2; shift 2 ;;
        --corpus) corpus=$2; shift 2 ;;
        -*) sed -n 2,8p "$0" >&2; exit 2 ;;
        *) targets+=("$1"); shift ;;
    esac
done
((${#targets[@]})) || for file in "$source_tree"/tests/fuzz/fuzz_*.cpp; do
    name=$(basename "$file" .cpp); targets+=("${name#fuzz_}")
done
compiler=${CXX:-clang++-14}
command -v "$compiler" >/dev/null || { echo "$compiler is missing; install clang-14 and libclang-rt-14-dev" >&2; exit 77; }
cache=(); command -v ccache >/dev/null && cache=(ccache)

packages="htslib libdeflate libzstd sqlite3 simdjson libcrypto hdf5-openmpi"
flags="-std=c++20 -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
    -ffp-contract=off -DOMPI_SKIP_MPICXX -I$source_tree/src -I$source_tree/tests $(pkg-config --cflags $packages)
    $(pkg-config --cflags ompi-c 2>/dev/null || true)"
mkdir -p "$build/objects" "$build/crashes"
# Everything is compiled again when a header is newer than the last build.
[[ -f $build/stamp && -z $(find "$source_tree/src" "$source_tree/tests" -name '*.hpp' -newer "$build/stamp" | head -1) ]] || touch "$build/stamp"
compile() { # source object
    [[ ! $2 -nt $1 || ! $2 -nt $build/stamp ]] || return 0
    rm -f "$2"
    "${cache[@]}" "$compiler" $flags -fsanitize=fuzzer-no-link -c "$1" -o "$2"
}
objects=() work=()
for folder in base kernels genotype formats store; do
    for file in "$source_tree/src/$folder"/*.cpp; do
        objects+=("$build/objects/$folder-$(basename "$file" .cpp).o")
        work+=("$file" "${objects[-1]}")
    done
done
for file in "$source_tree"/src/health/{code,unit,ucum}*.cpp; do
    objects+=("$build/objects/health-$(basename "$file" .cpp).o")
    work+=("$file" "${objects[-1]}")
done
for target in "${targets[@]}"; do work+=("$source_tree/tests/fuzz/fuzz_$target.cpp" "$build/objects/fuzz_$target.o"); done
work+=("$source_tree/tests/fuzz/make_seeds.cpp" "$build/objects/make_seeds.o")
export -f compile; export build compiler flags; export cache_program=${cache[*]:-}
printf '%s\0' "${work[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -euc 'cache=($cache_program); compile "$0" "$1"'
libraries="$(pkg-config --libs $packages) -lpthread"
library=$build/libreaders.a
rm -f "$library"; ar rcs "$library" "${objects[@]}"
"$compiler" $flags -o "$build/make_seeds" "$build/objects/make_seeds.o" "$library" $libraries
seeds=$build/seeds
rm -rf "$seeds"; "$build/make_seeds" "$seeds"

# Freed memory is watched for the last 4 MiB only: with the default of 256 every execution meets
# fresh pages. Weighing inputs by rare features (-entropic) costs as much as reading them.
export ASAN_OPTIONS=quarantine_size_mb=4:thread_local_quarantine_size_kb=64:malloc_context_size=4:${ASAN_OPTIONS:-}
failed=0
for target in "${targets[@]}"; do
    "$compiler" $flags -fsanitize=fuzzer -o "$build/fuzz_$target" "$build/objects/fuzz_$target.o" "$library" $libraries
    mkdir -p "$corpus/$target" "$seeds/$target"
    limit=(); ((seconds == 0)) || limit=(-max_total_time="$seconds")
    # Whatever the input says, a reader may take 1 GiB for a record and a second of time.
    if "$build/fuzz_$target" -runs="$runs" "${limit[@]}" -seed=20260101 -entropic=0 \
        -max_len=4096 -timeout="$timeout" -rss_limit_mb=3000 -malloc_limit_mb=2200 -print_final_stats=1 \
        -artifact_prefix="$build/crashes/$target-" "$corpus/$target" "$seeds/$target" >"$build/$target.log" 2>&1; then
        echo "$target: $(grep -oE 'number_of_executed_units: *[0-9]+' "$build/$target.log" | grep -oE '[0-9]+') executions, no crash"
    else
        failed=1
        echo "$target: FAILED after $(grep -oE '^#[0-9]+' "$build/$target.log" | tail -1) executions, see $build/$target.log" >&2
        grep -E 'ERROR|SUMMARY|Test unit written|Assert|what' "$build/$target.log" | head -5 >&2 || true
    fi
done
exit $failed

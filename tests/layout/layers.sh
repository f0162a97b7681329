#!/usr/bin/env bash
# Each library stays behind its layer: MPI in parallel, HDF5 in store, htslib in formats, toml++ and CLI11
# in schema and app, output and exit in app. Layers include only what is below them.
set -euo pipefail
cd "$SALUS_SOURCE/src"
failed=0
only() { # pattern, folders that may use it, what it is
    local found
    found=$(grep -rnE "$1" --include='*.cpp' --include='*.hpp' . | grep -vE "^\./($2)/" || true)
    [[ -z $found ]] || { echo "$3 outside $2:"; echo "$found"; failed=1; }
}
only '\bMPI_[A-Z][A-Za-z_]+|#include <mpi\.h>' parallel 'MPI'
only '\bH5[A-Z][A-Za-z]*[0-9]?\(|#include <hdf5' store 'HDF5'
only 'H5F_ACC_RDWR' none 'an HDF5 file opened for writing again'
only '#include <htslib' formats 'htslib'
only '#include <simdjson|\bsimdjson::|#include "formats/fhir_(json|bundle|resource)' formats 'simdjson'
only 'toml::|CLI::|#include <(toml\+\+|CLI)/' 'schema|app' 'toml++ or CLI11'
only '\bstd::cout\b|\bprintf\(|\bexit\(|\bstd::fputs\(' app 'output or exit'
only '#pragma omp (parallel|critical)' parallel 'OpenMP regions'
only '\b(std::rand|srand|random_device|mt19937)\b' none 'unkeyed random numbers'

declare -A below=(
    [base]='base' [parallel]='parallel base' [schema]='schema base' [store]='store base'
    [kernels]='kernels genotype/packed base' [models]='models kernels base genotype/packed'
    [genotype]='genotype store kernels base' [health]='health store schema base'
    [formats]='formats genotype health schema base' [run]='run store schema parallel base')
for layer in "${!below[@]}"; do
    allowed=$(tr ' ' '|' <<<"${below[$layer]}")
    found=$(grep -rnE '^#include "' "$layer" | grep -vE "#include \"($allowed)[/.]" || true)
    [[ -z $found ]] || { echo "$layer includes what is not below it:"; echo "$found"; failed=1; }
done
exit $failed

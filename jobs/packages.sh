# Debian 12 packages that Salus needs; sourced by jobs/demo.sh and tests/run.sh.
build_packages=(g++ cmake ninja-build pkg-config git libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libhts-dev
    libdeflate-dev libzstd-dev libsqlite3-dev libsimdjson-dev libeigen3-dev libcli11-dev libtomlplusplus-dev libssl-dev)
test_packages=(libgtest-dev libgmock-dev clang-14 libclang-rt-14-dev libomp-14-dev plink2 bcftools tabix hdf5-tools python3-h5py python3-pandas python3-scipy
    python3-xarray python3-h5netcdf plink1.9 r-base-core r-bioc-rhdf5 r-cran-metafor r-cran-mice r-cran-survival r-cran-cmprsk r-cran-sandwich r-cran-ordinal r-cran-glmnet chromium munge slurmctld slurmd slurm-client
    iproute2 procps groff-base python3-jsonschema strace)

# need_packages yes|no PACKAGE...: installs what is missing, or with "no" only names it and fails.
need_packages() {
    local install=$1 missing=() package
    shift
    for package in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    if [[ $install == no ]]; then
        echo "missing Debian packages: ${missing[*]}" >&2
        echo "install them with: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        return 2
    fi
    local sudo=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || {
            echo "need root to install ${missing[*]}; become root, or ask for: apt-get install ${missing[*]}" >&2
            return 2
        }
        sudo=(sudo)
    fi
    echo "installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
    "${sudo[@]}" apt-get update -q >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >&2
}

# Open MPI refuses root unless told that this is meant.
allow_root_mpi() {
    if [[ $(id -u) == 0 ]]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
}

# Spack recipe. In a clone of Salus: spack repo create here; copy this file to here/packages/salus/; then
# spack dev-build salus@main
from spack.package import *


class Salus(CMakePackage):
    """MPI batch pipeline for population-scale genome and health-record analysis."""

    license("Apache-2.0")
    version("main")

    variant("native", default=False, description="Compile for the machine that builds")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5@1.10.8: +mpi +hl")
    depends_on("htslib@1.16:")
    depends_on("libdeflate")
    depends_on("zstd")
    depends_on("sqlite")
    depends_on("simdjson")
    depends_on("eigen@3.4:3")
    depends_on("cli11@2.1:")
    depends_on("tomlplusplus@3.3:")
    depends_on("openssl@3:")

    conflicts("%gcc@:11", msg="C++20 as of GCC 12 is needed")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define("SALUS_TESTS", False),
            self.define_from_variant("SALUS_NATIVE", "native"),
        ]

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_program(self):
        Executable(self.prefix.bin.salus)("describe")

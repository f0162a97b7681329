#include "app/program.hpp"

#include "salus_version.hpp"

int main(int argc, char** argv) {
    return salus::run_program(argc, argv, {.number = SALUS_VERSION, .full = SALUS_VERSION_FULL});
}

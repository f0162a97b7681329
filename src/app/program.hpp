#pragma once

#include <string>

namespace salus {

struct ProgramVersion {
    std::string number; // "0.1.0"
    std::string full;   // with the state of the source, "0.1.0+v0.1.0-3-gabcdef"
};

/// The whole program: reads the command line, starts MPI where mpirun or srun launched it, does the
/// command, reports errors. \return exit code.
int run_program(int argc, char** argv, const ProgramVersion& version);

} // namespace salus

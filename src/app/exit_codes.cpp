#include "app/exit_codes.hpp"

namespace salus {

std::vector<ManualEntry> exit_codes() {
    return {
        {"0", "", "Complete."},
        {"2", "", "Command line or configuration is wrong; nothing was run."},
        {"3", "", "Input data break their format or a check, or a parameter does not fit them."},
        {"4", "", "The output folder is in use by another job."},
        {"5", "", "Storage: no space, an I/O error, or no permission. Run again after the repair."},
        {"6", "",
         "Something changed under a checkpoint: parameters, inputs or results. See --fresh."},
        {"7", "", "Disclosure control refused a release."},
        {"8", "", "Not enough memory. Run again with more."},
        {"70", "", "An error in the program."},
        {"75", "", "Stopped by a signal or the end of the wall time. The same command goes on."}};
}

} // namespace salus

#include "base/problems.hpp"

namespace salus {

void keep_problems(const Error& error, std::vector<Problem>& problems) {
    if (error.kind() == ErrorKind::storage) throw;
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

} // namespace salus

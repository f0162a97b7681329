#include "parallel/communicator.hpp"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    salus::MpiSession session(argc, argv);
    testing::InitGoogleTest(&argc, argv);
    const salus::Communicator comm = salus::Communicator::world();
    if (!comm.is_root()) { // rank 0 reports for all; a failure elsewhere still fails the run
        auto& listeners = testing::UnitTest::GetInstance()->listeners();
        delete listeners.Release(listeners.default_result_printer());
    }
    const bool failed = RUN_ALL_TESTS() != 0;
    return comm.any(failed) ? 1 : 0;
}

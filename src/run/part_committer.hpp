#pragma once

#include "store/parts.hpp"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace salus {

/// Digests, syncs and renames finished parts and writes their journal lines on a thread of its own,
/// one part at a time and in the order given, while the next unit is worked on: waiting for the
/// disk would cost up to a third of short units. Makes no HDF5 and no MPI call there.
class PartCommitter {
public:
    /// \param journal  must live as long
    explicit PartCommitter(const Journal& journal);
    /// Waits for the part in hand. Its error is lost then, as another one is already on its way.
    ~PartCommitter();
    PartCommitter(const PartCommitter&) = delete;
    PartCommitter& operator=(const PartCommitter&) = delete;

    /// Closes the part and hands it over; waits for the one before and throws its error.
    void commit(std::uint64_t unit, std::unique_ptr<PartWriter> part);
    /// Waits until all parts are safe; throws if one is not.
    void finish();

private:
    void serve();
    void wait(std::unique_lock<std::mutex>& lock);

    const Journal& journal_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t unit_ = 0;
    std::unique_ptr<PartWriter> part_; // in hand
    std::exception_ptr error_;
    bool ends_ = false;
    std::thread thread_; // last: it uses the others
};

} // namespace salus

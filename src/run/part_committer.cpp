#include "run/part_committer.hpp"

#include <signal.h>

#include <utility>

namespace salus {

PartCommitter::PartCommitter(const Journal& journal) : journal_(journal) {
    // Signals are for the thread that works on units.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { serve(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

PartCommitter::~PartCommitter() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void PartCommitter::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return part_ != nullptr || ends_; });
        if (!part_) return;
        lock.unlock();
        std::exception_ptr error;
        try {
            const std::string digest = part_->commit();
            journal_.record(unit_, journal_.part_path(unit_), digest);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        part_.reset();
        error_ = error;
        changed_.notify_all();
    }
}

void PartCommitter::wait(std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [this] { return part_ == nullptr; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void PartCommitter::commit(std::uint64_t unit, std::unique_ptr<PartWriter> part) {
    part->file().close();
    std::unique_lock lock(mutex_);
    wait(lock);
    unit_ = unit;
    part_ = std::move(part);
    changed_.notify_all();
}

void PartCommitter::finish() {
    std::unique_lock lock(mutex_);
    wait(lock);
}

} // namespace salus

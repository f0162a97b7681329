#pragma once

#include "formats/bgzf_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus {

/// Does body(0) to body(count - 1), on as many threads as the caller has.
using TaskRunner =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

/// Rows on their way into BGZF blocks, compressed in pieces of whole blocks, so that the bytes do
/// not depend on the threads.
class BgzfRows {
public:
    BgzfRows(int level, TaskRunner run) : level_(level), run_(std::move(run)) {}
    /// Where rows are appended.
    std::string& rows() noexcept { return rows_; }
    /// Compresses what is there in whole blocks once it is worth it.
    void drain();
    /// Blocks that are made and not taken yet.
    std::size_t ready() const noexcept { return done_.size(); }
    std::vector<std::uint8_t> take() noexcept { return std::exchange(done_, {}); }
    /// Compresses and takes all that is left.
    std::vector<std::uint8_t> finish();

private:
    void compress(std::string_view bytes);

    int level_;
    TaskRunner run_;
    std::string rows_;
    std::vector<std::uint8_t> done_;
};

} // namespace salus

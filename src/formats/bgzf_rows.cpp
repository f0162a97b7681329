#include "formats/bgzf_rows.hpp"

namespace salus {
namespace {

constexpr std::size_t high_water = std::size_t{16} << 20, rows_piece = 4 * bgzf_block_input;

} // namespace

void BgzfRows::drain() {
    if (rows_.size() < high_water) return;
    const std::size_t whole = rows_.size() / bgzf_block_input * bgzf_block_input;
    compress(std::string_view(rows_).substr(0, whole));
    rows_.erase(0, whole);
}

std::vector<std::uint8_t> BgzfRows::finish() {
    compress(rows_);
    rows_.clear();
    return take();
}

void BgzfRows::compress(std::string_view bytes) {
    std::vector<std::vector<std::uint8_t>> pieces((bytes.size() + rows_piece - 1) / rows_piece);
    run_(pieces.size(), [&](std::size_t i) {
        pieces[i] = bgzf_blocks(bytes.substr(i * rows_piece, rows_piece), level_);
    });
    for (const auto& blocks : pieces)
        done_.insert(done_.end(), blocks.begin(), blocks.end());
}

} // namespace salus

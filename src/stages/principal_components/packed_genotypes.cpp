#include "stages/principal_components/packed_genotypes.hpp"

#include "base/error.hpp"
#include "kernels/transpose.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <utility>

namespace salus::components {
namespace {

constexpr std::size_t line_calls = 256; // calls in 64 bytes

std::size_t padded_row(std::size_t calls) noexcept {
    return 64 * ((calls + line_calls - 1) / line_calls);
}

} // namespace

std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    return std::max(block,
                    std::min<std::uint64_t>(65536, (std::uint64_t{1} << 26) / row) / block * block);
}

std::size_t batch_variants(std::size_t samples) noexcept {
    const std::size_t fits =
        (std::size_t{1} << 27) / std::max<std::size_t>(64, padded_row(samples));
    return std::clamp(fits / line_calls * line_calls, line_calls, std::size_t{16384});
}

Batch::Batch(std::size_t samples, std::size_t capacity)
    : samples_(samples), capacity_(capacity), row_bytes_(padded_row(samples)) {
    by_variant_.reserve(capacity * row_bytes_);
}

std::size_t Batch::add(const VariantBlock& block, std::span<const std::size_t> chosen) {
    const std::size_t count = std::min(chosen.size(), capacity_ - size_);
    by_variant_.resize((size_ + count) * row_bytes_);
    const std::size_t used = packed_bytes(samples_);
    parallel_for(count, [&](std::size_t k) {
        std::uint8_t* const to = by_variant_.data() + (size_ + k) * row_bytes_;
        block.unpack(chosen[k], std::span(to, used));
        std::fill(to + used, to + row_bytes_, std::uint8_t{0});
    });
    size_ += count;
    return count;
}

std::vector<const std::uint8_t*> Batch::rows() const {
    std::vector<const std::uint8_t*> rows(size_);
    for (std::size_t v = 0; v < size_; ++v)
        rows[v] = row(v).data();
    return rows;
}

void Batch::finish() {
    sample_bytes_ = padded_row(size_);
    by_sample_.resize(samples_ * sample_bytes_);
    const std::size_t lines = row_bytes_ / 64;
    parallel_for(lines, [&](std::size_t line) {
        std::vector<const std::uint8_t*> rows = this->rows();
        for (const std::uint8_t*& row : rows)
            row += 64 * line;
        const std::size_t begin = line * line_calls;
        transpose_calls(rows, std::min(line_calls, samples_ - begin),
                        by_sample_.data() + begin * sample_bytes_, sample_bytes_);
    });
}

PackedGenotypes::PackedGenotypes(const GenotypeSource& source, std::vector<VariantRange> units,
                                 double memory_max_bytes, const Choose& choose)
    : source_(source), units_(std::move(units)) {
    double bytes = 0;
    const auto remember = [&](const VariantBlock& block) {
        auto chosen = choose(block);
        for (const std::size_t v : chosen)
            chosen_.push_back(block.first_variant() + v);
        return chosen;
    };
    stream(remember, [&](Batch& batch) {
        bytes += static_cast<double>(batch.bytes());
        in_memory_ = in_memory_ && bytes <= memory_max_bytes;
        if (in_memory_)
            batches_.push_back(std::exchange(batch, Batch(samples(), batch_variants(samples()))));
        else
            batches_.clear();
    });
}

void PackedGenotypes::for_each_batch(const std::function<void(const Batch&)>& visit) const {
    if (in_memory_) {
        for (const Batch& batch : batches_)
            visit(batch);
        return;
    }
    auto next = chosen_.begin();
    const auto known = [&](const VariantBlock& block) {
        std::vector<std::size_t> positions;
        for (; next != chosen_.end() && *next < block.first_variant() + block.size(); ++next)
            positions.push_back(static_cast<std::size_t>(*next - block.first_variant()));
        return positions;
    };
    stream(known, visit);
}

std::vector<std::uint8_t> PackedGenotypes::rows(std::span<const std::size_t> which) const {
    const std::size_t bytes = packed_bytes(samples());
    std::vector<std::uint8_t> out(which.size() * bytes);
    auto batch = batches_.begin();
    VariantBlock block;
    const std::uint64_t length = std::max<std::uint64_t>(1, source_.block_variants());
    for (std::size_t i = 0; i < which.size();) {
        std::uint8_t* const to = out.data() + i * bytes;
        if (in_memory_) {
            while (which[i] >= batch->first + batch->size())
                ++batch;
            std::copy_n(batch->row(which[i] - batch->first).data(), bytes, to);
            ++i;
            continue;
        }
        std::size_t end = i + 1;
        const std::uint64_t first = chosen_[which[i]];
        while (end < which.size() && chosen_[which[end]] / length == first / length)
            ++end;
        source_.read({first, chosen_[which[end - 1]] + 1}, block);
        for (; i < end; ++i)
            block.unpack(static_cast<std::size_t>(chosen_[which[i]] - first),
                         std::span(out).subspan(i * bytes, bytes));
    }
    return out;
}

void PackedGenotypes::stream(const Choose& choose, const Consume& consume) const {
    Batch batch(samples(), batch_variants(samples()));
    std::size_t done = 0;
    const auto hand_over = [&] {
        batch.first = done;
        done += batch.size();
        batch.finish();
        consume(batch);
        batch.clear();
    };
    VariantBlock block;
    const std::uint64_t step = read_length(source_);
    for (const VariantRange unit : units_) {
        for (std::uint64_t begin = unit.begin; begin < unit.end; begin += step) {
            source_.read({begin, std::min(unit.end, begin + step)}, block);
            const std::vector<std::size_t> chosen = choose(block);
            std::span<const std::size_t> rest = chosen;
            while (!rest.empty()) {
                rest = rest.subspan(batch.add(block, rest));
                if (batch.full()) hand_over();
            }
        }
    }
    if (batch.size() > 0) hand_over();
}

} // namespace salus::components

#include "stages/ld/genotype_window.hpp"

#include "base/error.hpp"

#include <algorithm>

namespace salus::ld {
namespace {

// A list beats planes up to about this many samples a carrier.
constexpr std::size_t samples_per_carrier = 512;
// From so many samples on the kernel costs more than a look at the extreme arrangements.
constexpr std::int64_t least_for_arrangements = 32768;

SampleBits other_samples(const LdSamples& samples) {
    std::vector<std::uint8_t> others = samples.members;
    for (std::size_t i = 0; i < others.size(); ++i)
        if (samples.males[i] != 0) others[i] = 0;
    return SampleBits(others);
}

} // namespace

SampleSets::SampleSets(const LdSamples& samples, bool x_linked)
    : first(x_linked ? other_samples(samples) : SampleBits(samples.members)),
      males(x_linked ? SampleBits(samples.males) : SampleBits()) {}

void SharedGenotypes::read_block(std::uint64_t row, VariantBlock& out) const {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t length = std::max<std::uint64_t>(1, source_.block_variants());
    const std::uint64_t begin = row / length * length;
    source_.read({begin, std::min(source_.variant_count(), begin + length)}, out);
}

GenotypeWindow::GenotypeWindow(const SharedGenotypes& genotypes,
                               std::span<const std::uint64_t> rows, const SampleSets& sets,
                               bool x_linked, std::size_t width, double head_share)
    : genotypes_(genotypes), rows_(rows), sets_(sets), x_linked_(x_linked),
      width_(std::max<std::size_t>(1, width)), planes_(width_, sets.first.words(), head_share),
      slots_(width_), unpacked_(packed_bytes(sets.first.samples()) + 64) {
    if (x_linked) male_planes_ = CallPlaneSlots(width_, sets.males.words());
}

void GenotypeWindow::slide(std::uint32_t begin, std::uint32_t end) {
    SALUS_ASSERT(end - begin <= width_ && end >= end_);
    if (!started_ || begin > end_) end_ = begin;
    started_ = true;
    for (; end_ < end; ++end_)
        load(end_);
}

void GenotypeWindow::load(std::uint32_t candidate) {
    const std::uint64_t row = rows_[candidate];
    if (row < block_.first_variant() || row - block_.first_variant() >= block_.size())
        genotypes_.read_block(row, block_);
    const auto v = static_cast<std::size_t>(row - block_.first_variant());
    Slot& place = slots_[slot(candidate)];
    place.listed = false;
    std::span<const std::uint8_t> calls;
    if (block_.is_carrier_list(v)) {
        const auto carriers = block_.carriers(v);
        if (!x_linked_ && carriers.size() * samples_per_carrier <= sets_.first.samples()) {
            place.carriers.clear();
            for (const Carrier carrier : carriers)
                if (sets_.first.contains(carrier_sample(carrier)))
                    place.carriers.push_back(carrier);
            place.sums = call_sums(place.carriers, sets_.first.count());
            place.listed = true;
            return;
        }
        const std::span<std::uint8_t> out = unpacked_.all();
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        block_.unpack(v, out.first(packed_bytes(block_.sample_count())));
        calls = out;
    } else {
        calls = block_.row(v);
    }
    planes_.set(slot(candidate), calls, sets_.first);
    if (x_linked_) male_planes_.set(slot(candidate), calls, sets_.males, HetCall::missing);
}

CallPairSums GenotypeWindow::first_pair(std::size_t a, std::size_t b) const noexcept {
    const Slot &x = slots_[a], &y = slots_[b];
    if (x.listed && y.listed)
        return pair_sums(x.carriers, x.sums, y.carriers, y.sums, sets_.first.count());
    if (x.listed) return pair_sums(x.carriers, x.sums, planes_[b]);
    if (!y.listed) return pair_sums(planes_[a], planes_[b]);
    const CallPairSums s = pair_sums(y.carriers, y.sums, planes_[a]);
    return {.samples = s.samples,
            .sum_a = s.sum_b,
            .sum_b = s.sum_a,
            .squares_a = s.squares_b,
            .squares_b = s.squares_a,
            .product = s.product};
}

CallPairSums GenotypeWindow::pair(std::uint32_t a, std::uint32_t b) const noexcept {
    if (!x_linked_) return first_pair(slot(a), slot(b));
    return x_linked_sums(pair_sums(planes_[slot(a)], planes_[slot(b)]),
                         pair_sums(male_planes_[slot(a)], male_planes_[slot(b)]));
}

CallSums GenotypeWindow::sums(std::uint32_t candidate) const noexcept {
    const std::size_t s = slot(candidate);
    if (slots_[s].listed) return slots_[s].sums;
    if (!x_linked_) return planes_[s].sums;
    const CallSums others = planes_[s].sums, males = male_planes_[s].sums;
    return {.called = 2 * others.called + males.called,
            .sum = 2 * others.sum + males.sum,
            .squares = 2 * others.squares + males.squares};
}

bool planes_in_ld(const CallPlanes& a, const CallPlanes& b, const R2Limit& limit) noexcept {
    const auto decide = [&](ProductRange range) {
        return limit.decide(range, a.minor, b.minor, a.members);
    };
    if (a.members >= least_for_arrangements)
        if (decide(product_range(a.minor, b.minor, a.members)) == false) return false;
    std::int64_t product = a.minor.sum + b.minor.sum - a.members;
    product += centred_product(a, b, {0, a.head});
    if (a.head < a.words) {
        // The centred products of the rest, from the sum of its products.
        const ProductRange rest = rest_range(a.rest_moments, b.rest_moments);
        const std::int64_t known = product - a.rest.sum - b.rest.sum + a.rest.called;
        if (decide({known + rest.least, known + rest.most}) == false) return false;
        product += centred_product(a, b, {a.head, a.words});
    }
    const auto verdict = decide({product, product});
    return verdict ? *verdict : limit.exceeded(pair_sums(a, b));
}

bool GenotypeWindow::in_ld(std::uint32_t a, std::uint32_t b, const R2Limit& limit) const noexcept {
    const std::size_t x = slot(a), y = slot(b);
    if (x_linked_ || slots_[x].listed || slots_[y].listed) return limit.exceeded(pair(a, b));
    return planes_in_ld(planes_[x], planes_[y], limit);
}

} // namespace salus::ld

#include "models/mosaic.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"

#include <cmath>

namespace salus {

CounterDraws::CounterDraws(std::uint64_t seed, std::string_view purpose) noexcept : key_{} {
    const std::uint64_t mixed = hash64(purpose, seed);
    key_ = {static_cast<std::uint32_t>(mixed), static_cast<std::uint32_t>(mixed >> 32)};
}

std::array<std::uint32_t, 4> CounterDraws::operator()(std::uint64_t index, std::uint32_t region,
                                                      std::uint32_t step) const noexcept {
    return philox(
        {step, region, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32)},
        key_);
}

MosaicSegment mosaic_segment(const CounterDraws& draws, std::uint64_t index, std::uint32_t region,
                             float at, double mean_length) noexcept {
    constexpr std::uint32_t origin_step = 0xFFFFFFFF;
    const double offset = draws(index, region, origin_step)[0] * 0x1p-32 * mean_length;
    const auto frame =
        static_cast<std::uint32_t>(std::floor((static_cast<double>(at) + offset) / mean_length));
    const auto breakpoint = [&](std::uint32_t f, const std::array<std::uint32_t, 4>& draw) {
        return static_cast<float>((f + draw[1] * 0x1p-32) * mean_length - offset);
    };
    const auto here = draws(index, region, frame + 1); // the frame before the first has step 0
    if (at >= breakpoint(frame, here)) {
        const auto next = draws(index, region, frame + 2);
        return {.draw = here[2], .end = breakpoint(frame + 1, next)};
    }
    return {.draw = draws(index, region, frame)[2], .end = breakpoint(frame, here)};
}

} // namespace salus

#pragma once

#include <string_view>

namespace salus {

/// Instruction sets for which kernels have a variant. All variants give the same bits.
enum class Isa { reference, avx2, avx512_vnni };

/// The best one this processor has; asked once. `reference` on other processors than x86-64.
Isa best_isa() noexcept;
/// Whether this processor can run the variant.
bool is_supported(Isa isa) noexcept;
std::string_view to_string(Isa isa) noexcept;

} // namespace salus

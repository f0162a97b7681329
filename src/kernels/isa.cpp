#include "kernels/isa.hpp"

namespace salus {

bool is_supported(Isa isa) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    switch (isa) {
    case Isa::reference:
        return true;
    case Isa::avx2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    case Isa::avx512_vnni:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vpopcntdq");
    }
#endif
    return isa == Isa::reference;
}

Isa best_isa() noexcept {
    static const Isa best = is_supported(Isa::avx512_vnni) ? Isa::avx512_vnni
                            : is_supported(Isa::avx2)      ? Isa::avx2
                                                           : Isa::reference;
    return best;
}

std::string_view to_string(Isa isa) noexcept {
    switch (isa) {
    case Isa::reference:
        return "reference";
    case Isa::avx2:
        return "avx2";
    case Isa::avx512_vnni:
        return "avx512_vnni";
    }
    return "?";
}

} // namespace salus

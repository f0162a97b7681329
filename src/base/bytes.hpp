#pragma once

namespace salus {

inline constexpr double mebibyte = 1024.0 * 1024, gibibyte = 1024 * mebibyte;

} // namespace salus

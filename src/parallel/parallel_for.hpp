#pragma once

#include <omp.h>

#include <cstddef>
#include <exception>

namespace salus {

/// body(i) for i in [0, n) on the threads of this rank (omp_get_max_threads); the first exception
/// is thrown again after the region. body must only write what belongs to i.
template <class F>
void parallel_for(std::size_t n, F&& body) {
    std::exception_ptr caught;
#pragma omp parallel for schedule(dynamic, 16) if (n > 1)
    for (std::size_t i = 0; i < n; ++i) {
        try {
            body(i);
        } catch (...) {
#pragma omp critical(salus_parallel_for)
            if (!caught) caught = std::current_exception();
        }
    }
    if (caught) std::rethrow_exception(caught);
}

/// The same for few and long bodies: each is handed out by itself.
template <class F>
void parallel_tasks(std::size_t n, F&& body) {
    std::exception_ptr caught;
#pragma omp parallel for schedule(dynamic, 1) if (n > 1)
    for (std::size_t i = 0; i < n; ++i) {
        try {
            body(i);
        } catch (...) {
#pragma omp critical(salus_parallel_for)
            if (!caught) caught = std::current_exception();
        }
    }
    if (caught) std::rethrow_exception(caught);
}

/// Sets the number of threads that parallel_for uses.
inline void set_threads(int threads) { omp_set_num_threads(threads); }
/// Index of the calling thread inside parallel_for, for per-thread scratch space.
inline std::size_t thread_index() { return static_cast<std::size_t>(omp_get_thread_num()); }
inline std::size_t thread_count() { return static_cast<std::size_t>(omp_get_max_threads()); }

} // namespace salus

#include "parallel/communicator.hpp"

#include "base/current_error.hpp"
#include "base/text.hpp"
#include "parallel/traffic.hpp"

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

namespace salus {
namespace {

void check(int code, std::string_view action) {
    if (code == MPI_SUCCESS) return;
    char buffer[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, buffer, &length);
    throw InternalError({.what = text("MPI failed to ", action),
                         .where = {},
                         .why = std::string(buffer, static_cast<std::size_t>(length)),
                         .help = "check the network of the job and the MPI installation"});
}

template <class T>
MPI_Datatype mpi_type() {
    if constexpr (std::is_signed_v<T>) {
        if constexpr (sizeof(T) == 8)
            return MPI_INT64_T;
        else if constexpr (sizeof(T) == 4)
            return MPI_INT32_T;
        else if constexpr (sizeof(T) == 2)
            return MPI_INT16_T;
        else
            return MPI_INT8_T;
    } else {
        if constexpr (sizeof(T) == 8)
            return MPI_UINT64_T;
        else if constexpr (sizeof(T) == 4)
            return MPI_UINT32_T;
        else if constexpr (sizeof(T) == 2)
            return MPI_UINT16_T;
        else
            return MPI_UINT8_T;
    }
}

/// Waits until all ranks are here, asleep most of the time: a collective call of its own spins, and
/// takes a core from who still works. Sleeps an eighth of the time waited so far, at most 1 ms.
void meet() {
    using Clock = std::chrono::steady_clock;
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ibarrier(MPI_COMM_WORLD, &request), "wait for all ranks");
    const auto begin = Clock::now();
    for (int here = 0;;) {
        check(MPI_Test(&request, &here, MPI_STATUS_IGNORE), "wait for all ranks");
        if (here != 0) return;
        const auto waited = Clock::now() - begin;
        if (waited < std::chrono::microseconds(100))
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(
                std::min<Clock::duration>(waited / 8, std::chrono::milliseconds(1)));
    }
}

constexpr std::size_t piece = std::size_t{1} << 28; // MPI counts are int

void put_text(std::string& out, std::string_view part) { out += text(part.size(), ":", part); }

std::string take_text(std::string_view& in) {
    const std::size_t colon = in.find(':');
    const auto length = static_cast<std::size_t>(*parse_integer(in.substr(0, colon)));
    std::string part(in.substr(colon + 1, length));
    in.remove_prefix(colon + 1 + length);
    return part;
}

std::string encode(const std::exception_ptr& mine) {
    const Error error = [&] {
        try {
            std::rethrow_exception(mine);
        } catch (...) {
            return current_error();
        }
    }();
    std::string out = text(error.exit_code(), ";");
    for (const Problem& p : error.problems())
        for (const std::string& part : {p.what, p.where, p.why, p.help})
            put_text(out, part);
    return out;
}

[[noreturn]] void rethrow_encoded(std::string_view encoded, const std::string& context) {
    const std::size_t end = encoded.find(';');
    const auto kind = static_cast<ErrorKind>(*parse_integer(encoded.substr(0, end)));
    encoded.remove_prefix(end + 1);
    std::vector<Problem> problems;
    while (!encoded.empty()) {
        Problem p;
        for (std::string* part : {&p.what, &p.where, &p.why, &p.help})
            *part = take_text(encoded);
        problems.push_back(std::move(p));
    }
    try {
        throw_error(kind, std::move(problems));
    } catch (Error& error) {
        error.add(context);
        throw;
    }
}

} // namespace

Communicator Communicator::world() {
    Communicator comm;
    int started = 0;
    MPI_Initialized(&started);
    if (!started) return comm;
    check(MPI_Comm_rank(MPI_COMM_WORLD, &comm.rank_), "read the rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &comm.size_), "read the number of ranks");
    comm.mpi_ = comm.size_ > 1;
    return comm;
}

Communicator Communicator::playing(int ranks) {
    Communicator comm;
    comm.played_ = ranks;
    return comm;
}

void Communicator::barrier() const {
    count_traffic(Collective::barrier, 0);
    if (mpi_) meet();
}

template <std::integral T>
void Communicator::sum(std::span<T> values) const {
    count_traffic(Collective::sum, values.size_bytes());
    if (!mpi_) return;
    meet();
    for (std::size_t at = 0; at < values.size(); at += piece) {
        const std::size_t count = std::min(piece, values.size() - at);
        check(MPI_Allreduce(MPI_IN_PLACE, values.data() + at, static_cast<int>(count),
                            mpi_type<T>(), MPI_SUM, MPI_COMM_WORLD),
              "sum over ranks");
    }
}
template void Communicator::sum(std::span<std::uint8_t>) const;
template void Communicator::sum(std::span<std::int32_t>) const;
template void Communicator::sum(std::span<std::uint32_t>) const;
template void Communicator::sum(std::span<std::int64_t>) const;
template void Communicator::sum(std::span<std::uint64_t>) const;

void Communicator::broadcast_bytes(std::span<std::byte> bytes, int root) const {
    count_traffic(Collective::broadcast, bytes.size());
    if (!mpi_) return;
    meet();
    broadcast_pieces(bytes, root);
}

void Communicator::broadcast_pieces(std::span<std::byte> bytes, int root) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::size_t count = std::min(piece, bytes.size() - at);
        check(MPI_Bcast(bytes.data() + at, static_cast<int>(count), MPI_BYTE, root, MPI_COMM_WORLD),
              "broadcast");
    }
}

void Communicator::broadcast(std::string& message, int root) const {
    std::uint64_t length = message.size();
    broadcast(std::span(&length, 1), root);
    message.resize(length);
    broadcast_bytes(std::as_writable_bytes(std::span(message)), root);
}

std::vector<std::string> Communicator::gather_all(const std::string& mine) const {
    std::vector<std::uint64_t> lengths(static_cast<std::size_t>(size_), mine.size());
    if (mpi_) {
        meet();
        const std::uint64_t length = mine.size();
        check(MPI_Allgather(&length, 1, MPI_UINT64_T, lengths.data(), 1, MPI_UINT64_T,
                            MPI_COMM_WORLD),
              "gather lengths");
    }
    const std::uint64_t total = std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0});
    count_traffic(Collective::gather, total);
    if (!mpi_) return {mine};
    return total <= piece ? gather_at_once(mine, lengths) : gather_in_turn(mine, lengths);
}

std::vector<std::string>
Communicator::gather_at_once(const std::string& mine,
                             const std::vector<std::uint64_t>& lengths) const {
    std::vector<int> counts, places;
    int total = 0;
    for (const std::uint64_t length : lengths) {
        places.push_back(total);
        counts.push_back(static_cast<int>(length));
        total += counts.back();
    }
    std::string joined(static_cast<std::size_t>(total), '\0');
    check(MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), MPI_BYTE, joined.data(),
                         counts.data(), places.data(), MPI_BYTE, MPI_COMM_WORLD),
          "gather");
    std::vector<std::string> all;
    for (std::size_t r = 0; r < lengths.size(); ++r)
        all.push_back(joined.substr(static_cast<std::size_t>(places[r]), lengths[r]));
    return all;
}

/// For what is too long for the counts of MPI, and to hold twice.
std::vector<std::string>
Communicator::gather_in_turn(const std::string& mine,
                             const std::vector<std::uint64_t>& lengths) const {
    std::vector<std::string> all(lengths.size());
    for (std::size_t r = 0; r < all.size(); ++r) {
        all[r] = static_cast<int>(r) == rank_ ? mine : std::string(lengths[r], '\0');
        broadcast_pieces(std::as_writable_bytes(std::span(all[r])), static_cast<int>(r));
    }
    return all;
}

std::optional<int> Communicator::first_where(bool flag) const {
    int lowest = flag ? rank_ : size_;
    count_traffic(Collective::agreement, sizeof lowest);
    if (mpi_) {
        meet();
        check(MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD),
              "agree over ranks");
    }
    return lowest < size_ ? std::optional(lowest) : std::nullopt;
}

void agree_on_error(const Communicator& comm, std::string_view what, std::exception_ptr mine) {
    const std::optional<int> culprit = comm.first_where(mine != nullptr);
    if (!culprit) return;
    if (comm.size() == 1) std::rethrow_exception(mine);
    std::string encoded = comm.rank() == *culprit ? encode(mine) : std::string();
    comm.broadcast(encoded, *culprit);
    rethrow_encoded(encoded, text("while ", what, " (rank ", *culprit, ")"));
}

MpiSession::MpiSession(int& argc, char**& argv) {
    int provided = 0;
    if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
        throw InternalError({.what = "MPI does not start",
                             .where = {},
                             .why = {},
                             .help = "start salus with mpirun or srun"});
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

MpiSession::~MpiSession() {
    // While an exception unwinds, peers may be elsewhere: finalising would wait for them for ever.
    if (std::uncaught_exceptions() == 0) MPI_Finalize();
}

void MpiSession::abort(int exit_code) {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::abort();
}

bool launched_by_mpi() noexcept {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"})
        if (std::getenv(name) != nullptr) return true;
    return false;
}

} // namespace salus

#include "health/pseudonym.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t fewest_bytes = 16, most_bytes = 4096;

std::uint64_t word(const std::array<std::uint8_t, 32>& digest, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i)
        value = value << 8 | digest[at + i];
    return value;
}

[[noreturn]] void refuse(std::string what, std::string_view where, std::string why) {
    throw UsageError(
        {.what = std::move(what),
         .where = text("pseudonym_key = ", where),
         .why = std::move(why),
         .help = "make one with: (umask 077; head -c 32 /dev/urandom > pseudonym.key)"});
}

class Descriptor {
public:
    Descriptor(int number, bool owned) : number_(number), owned_(owned) {}
    ~Descriptor() {
        if (owned_ && number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const noexcept { return number_; }

private:
    int number_;
    bool owned_;
};

void require_private(int descriptor, std::string_view where) {
    struct stat about {};
    if (::fstat(descriptor, &about) != 0)
        refuse("cannot read the key of the pseudonyms", where, std::strerror(errno));
    if (!S_ISREG(about.st_mode))
        refuse("the key of the pseudonyms is not a file", where,
               "it should be a file of mode 0600");
    if ((about.st_mode & 077) != 0)
        refuse("the key of the pseudonyms is open to others", where,
               "whoever reads the key can find persons in the store; chmod 600 and think about a "
               "new key");
}

std::string read_all(int descriptor, std::string_view where) {
    std::string key(most_bytes + 2, '\0');
    std::size_t size = 0;
    while (size < key.size()) {
        const ssize_t got = ::read(descriptor, key.data() + size, key.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw_storage_error(errno, "read the key of the pseudonyms", where);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    key.resize(size);
    return key;
}

} // namespace

std::uint64_t siphash24(SipKey key, std::string_view bytes) noexcept {
    std::uint64_t v0 = key.first ^ 0x736f6d6570736575ULL, v1 = key.second ^ 0x646f72616e646f6dULL,
                  v2 = key.first ^ 0x6c7967656e657261ULL, v3 = key.second ^ 0x7465646279746573ULL;
    const auto round = [&] {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    };
    const auto take = [&](std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    };
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        take(word);
    }
    std::uint64_t last = std::uint64_t{bytes.size() & 0xFF} << 56;
    for (std::size_t i = 0; at + i < bytes.size(); ++i)
        last |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    take(last);
    v2 ^= 0xFF;
    for (int i = 0; i < 4; ++i)
        round();
    return v0 ^ v1 ^ v2 ^ v3;
}

Pseudonyms::Pseudonyms(std::string key) : hmac_(key), has_key_(!key.empty()) {
    const auto digest = hmac_.of("record\n");
    record_key_ = {.first = word(digest, 0), .second = word(digest, 8)};
}

Pseudonym Pseudonyms::of(std::string_view identifier) const {
    const auto digest = hmac_.of("person\n", identifier);
    return {.high = word(digest, 0), .low = word(digest, 8)};
}

std::uint64_t Pseudonyms::record(std::string_view identifier) const noexcept {
    return siphash24(record_key_, identifier) >> 1;
}

std::string Pseudonyms::key_mark() const {
    if (!has_key_) return "none";
    return sha256(text("mark\n", word(hmac_.of("mark\n"), 0))).substr(0, 16);
}

std::string read_pseudonym_key(std::string_view from) {
    std::string key;
    if (from.starts_with("fd:")) {
        const auto number = parse_integer(from.substr(3));
        if (!number || *number < 0 || *number > 1 << 20)
            refuse("this is not a file descriptor", from, "it is written fd:N, for example fd:3");
        key = read_all(static_cast<int>(*number), from);
    } else {
        const Descriptor file(::open(std::string(from).c_str(), O_RDONLY | O_CLOEXEC), true);
        if (file.number() < 0 && errno != ENOENT && errno != ENOTDIR)
            throw_storage_error(errno, "open the key of the pseudonyms", from);
        if (file.number() < 0)
            refuse("cannot open the key of the pseudonyms", from, std::strerror(errno));
        require_private(file.number(), from);
        key = read_all(file.number(), from);
    }
    if (key.ends_with('\n')) key.pop_back();
    if (key.ends_with('\r')) key.pop_back();
    if (key.size() < fewest_bytes || key.size() > most_bytes)
        refuse("the key of the pseudonyms is too short or too long", from,
               text("a key has ", fewest_bytes, " to ", most_bytes, " bytes"));
    return key;
}

std::uint64_t shard_of(Pseudonym person, std::uint64_t shards) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(Wide{person.high} * shards >> 64);
}

} // namespace salus

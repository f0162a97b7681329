#pragma once

#include "formats/site_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace salus {

/// Types of values in BCF records.
enum class BcfType : std::uint8_t {
    none = 0,
    int8 = 1,
    int16 = 2,
    int32 = 3,
    real = 5,
    character = 7
};

/// A typed vector inside a record.
struct BcfValue {
    BcfType type = BcfType::none;
    std::size_t count = 0;
    std::string_view bytes;
};

/// Bytes of an element. Throws RecordDefect for an unknown type.
inline std::size_t width_of(BcfType type) {
    switch (type) {
    case BcfType::none:
        return 0;
    case BcfType::int8:
    case BcfType::character:
        return 1;
    case BcfType::int16:
        return 2;
    case BcfType::int32:
    case BcfType::real:
        return 4;
    }
    throw RecordDefect{"a value has an unknown type", "the record is damaged"};
}

/// Cursor over the bytes of a record; never reads beyond them.
class BcfCursor {
public:
    explicit BcfCursor(std::string_view bytes) : bytes_(bytes) {}
    std::string_view take(std::size_t n) {
        if (n > bytes_.size())
            throw RecordDefect{"a value reaches beyond its record", "the record is damaged"};
        const std::string_view taken = bytes_.substr(0, n);
        bytes_.remove_prefix(n);
        return taken;
    }
    template <class T>
    T number() {
        T value;
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    /// Type and length of the next value; `vectors` of them follow.
    BcfValue value(std::size_t vectors = 1) {
        const auto descriptor = number<std::uint8_t>();
        BcfValue v{.type = static_cast<BcfType>(descriptor & 15),
                   .count = static_cast<std::size_t>(descriptor >> 4),
                   .bytes = {}};
        if (v.count == 15) v.count = length();
        const std::size_t width = width_of(v.type);
        if (width != 0 && vectors != 0 && v.count > bytes_.size() / width / vectors)
            throw RecordDefect{"a value reaches beyond its record", "the record is damaged"};
        v.bytes = take(v.count * width * vectors);
        return v;
    }
    std::size_t index() {
        const BcfValue v = value();
        if (v.count != 1 || v.type > BcfType::int32 || v.type == BcfType::none)
            throw RecordDefect{"an index is not one whole number", "the record is damaged"};
        return at(v, 0);
    }
    static std::size_t at(const BcfValue& v, std::size_t i) {
        const std::int64_t n = integer(v, i);
        if (n < 0) throw RecordDefect{"an index is negative", "the record is damaged"};
        return static_cast<std::size_t>(n);
    }
    static std::int64_t integer(const BcfValue& v, std::size_t i) {
        switch (v.type) {
        case BcfType::int8:
            return load<std::int8_t>(v, i);
        case BcfType::int16:
            return load<std::int16_t>(v, i);
        default:
            return load<std::int32_t>(v, i);
        }
    }
    template <class T>
    static T load(const BcfValue& v, std::size_t i) {
        T value;
        std::memcpy(&value, v.bytes.data() + i * sizeof value, sizeof value);
        return value;
    }

private:
    std::size_t length() {
        const BcfValue v = value();
        if (v.count != 1 || v.type > BcfType::int32 || v.type == BcfType::none)
            throw RecordDefect{"a length is not one whole number", "the record is damaged"};
        return at(v, 0);
    }
    std::string_view bytes_;
};

} // namespace salus

#include "formats/regenie_loco.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/byte_stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

namespace salus {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void throw_bad_loco(const std::filesystem::path& path, std::string what,
                                 std::string where = {}) {
    throw DataError({.what = std::move(what),
                     .where = text(path.string(), where.empty() ? "" : ", ", where),
                     .why = "a .loco file has a line of FID_IID and sample names, then a line per "
                            "chromosome with one number or NA per sample",
                     .help = "the file may be cut off: write it again with step 1"});
}

/// The lines of a .loco file; only the wanted ones are kept.
class LocoLines {
public:
    explicit LocoLines(const std::filesystem::path& path)
        : path_(path), stream_(path), buffer_(buffer_bytes) {}

    /// The first word of the next line, or nothing at the end of the file.
    std::optional<std::string> next_name() {
        std::string name;
        ++line_;
        for (int c = take(); c != end_of_file; c = take()) {
            if (c == ' ' || c == '\t') return name;
            if (c == '\n') throw_bad_loco(path_, "the line has no values", text("line ", line_));
            name += static_cast<char>(c);
        }
        if (!name.empty()) throw_cut();
        return std::nullopt;
    }
    void skip_rest() {
        while (at_ < filled_ || refill()) {
            const char* const begin = buffer_.data() + at_;
            const char* const end = buffer_.data() + filled_;
            const char* const found = std::find(begin, end, '\n');
            at_ = static_cast<std::size_t>(found - buffer_.data());
            if (at_ == filled_) continue;
            ++at_;
            return;
        }
        throw_cut();
    }
    std::string rest() {
        std::string line;
        while (at_ < filled_ || refill()) {
            const char* const begin = buffer_.data() + at_;
            const char* const end = buffer_.data() + filled_;
            const char* const found = std::find(begin, end, '\n');
            line.append(begin, found);
            at_ = static_cast<std::size_t>(found - buffer_.data());
            if (at_ == filled_) continue;
            ++at_;
            return line;
        }
        throw_cut();
    }
    std::size_t line() const noexcept { return line_; }

private:
    static constexpr int end_of_file = -1;
    [[noreturn]] void throw_cut() const {
        throw_bad_loco(path_, "the last line does not end", text("line ", line_));
    }
    int take() {
        if (at_ == filled_ && !refill()) return end_of_file;
        return static_cast<unsigned char>(buffer_[at_++]);
    }
    bool refill() {
        filled_ = stream_.read(buffer_);
        at_ = 0;
        return filled_ > 0;
    }
    const std::filesystem::path& path_;
    ByteStream stream_;
    std::vector<char> buffer_;
    std::size_t at_ = 0, filled_ = 0, line_ = 0;
};

using Rows = std::unordered_map<std::string_view, std::uint32_t>;

/// The sample that FID_IID means: an exact name first, then FID = IID, then the longest ending.
std::uint32_t sample_of(std::string_view name, const Rows& rows) {
    const auto find = [&](std::string_view id) {
        const auto at = rows.find(id);
        return at == rows.end() ? nobody : at->second;
    };
    if (const std::uint32_t row = find(name); row != nobody) return row;
    const std::size_t half = name.size() / 2;
    if (name.size() % 2 == 1 && name[half] == '_' && name.substr(0, half) == name.substr(half + 1))
        if (const std::uint32_t row = find(name.substr(0, half)); row != nobody) return row;
    for (std::size_t at = name.find('_'); at != std::string_view::npos; at = name.find('_', at + 1))
        if (const std::uint32_t row = find(name.substr(at + 1)); row != nobody) return row;
    return nobody;
}

std::vector<std::uint32_t> join_samples(const std::filesystem::path& path, const Rows& rows) {
    LocoLines lines(path);
    const auto first = lines.next_name();
    if (first != "FID_IID") throw_bad_loco(path, "the file does not begin with FID_IID");
    const std::string header = lines.rest();
    std::vector<std::uint32_t> places;
    std::vector<std::uint8_t> seen(rows.size());
    for (const std::string_view name : words_of(header)) {
        places.push_back(sample_of(name, rows));
        if (places.back() == nobody) continue;
        if (seen[places.back()] != 0)
            throw DataError({.what = "two columns are the same sample of the genotypes",
                             .where = text(path.string(), ", column ", places.size() + 1),
                             .why = "columns are joined by FID_IID, whose ending is the identifier",
                             .help = "give the samples identifiers that are unique without FID"});
        seen[places.back()] = 1;
    }
    if (std::all_of(places.begin(), places.end(), [](auto place) { return place == nobody; }))
        throw DataError({.what = "the file has no sample of the genotypes",
                         .where = path.string(),
                         .why = "samples are joined by FID_IID, whose ending is the identifier",
                         .help = "give the predictions that were made from these samples"});
    return places;
}

/// The file of a list, or one of that name beside the list.
std::filesystem::path find_file(const std::filesystem::path& list, std::string_view written) {
    const std::filesystem::path path(written);
    const std::filesystem::path candidates[] = {
        path.is_absolute() ? path : list.parent_path() / path,
        list.parent_path() / path.filename(),
    };
    for (const auto& candidate : candidates)
        if (std::filesystem::exists(candidate)) return candidate;
    throw DataError({.what = text("there is no file ", written),
                     .where = list.string(),
                     .why = "the list names a trait and its .loco file per line",
                     .help = "correct the path, or put the file beside the list"});
}

class RegenieLoco : public LocoPredictions::Source {
public:
    RegenieLoco(const std::filesystem::path& list, const SampleTable& samples)
        : samples_(samples.size()) {
        Rows rows;
        for (std::size_t i = 0; i < samples.size(); ++i)
            rows.emplace(samples.id[i], static_cast<std::uint32_t>(i));
        std::size_t number = 0;
        const std::string listed = read_text_file(list);
        for (const std::string_view line : split(listed, '\n')) {
            ++number;
            const auto words = words_of(line);
            if (words.empty()) continue;
            if (words.size() != 2 || !is_utf8(line)) throw_list(list, number);
            if (std::find(traits_.begin(), traits_.end(), words[0]) != traits_.end())
                throw_list(list, number);
            traits_.emplace_back(words[0]);
            files_.push_back(find_file(list, words[1]));
            places_.push_back(join_samples(files_.back(), rows));
        }
        if (traits_.empty()) throw_list(list, number);
    }
    const std::vector<std::string>& traits() const override { return traits_; }

    std::vector<double> offset(std::size_t trait, const std::string& chromosome) const override {
        const std::filesystem::path& path = files_[trait];
        LocoLines lines(path);
        lines.next_name();
        lines.skip_rest();
        std::string last = "none";
        while (const auto name = lines.next_name()) {
            if (loco_chromosome(*name) == chromosome)
                return spread(trait, lines.rest(), lines.line());
            lines.skip_rest();
            last = *name;
        }
        throw_bad_loco(path, text("there is no line of chromosome ", chromosome),
                       text("the last is ", last));
    }

    bool in_standard_deviations() const noexcept override { return true; }

    LocoLedger ledger(std::size_t trait) const override {
        LocoLedger ledger;
        for (const std::uint32_t place : places_[trait])
            ++(place == nobody ? ledger.unknown : ledger.matched);
        ledger.without_prediction = samples_ - ledger.matched;
        return ledger;
    }

private:
    [[noreturn]] static void throw_list(const std::filesystem::path& list, std::size_t line) {
        throw DataError(
            {.what = "the line is not a trait and its .loco file",
             .where = text(list.string(), ", line ", line),
             .why = "a list of predictions names each trait once, with one file",
             .help = "give null_model.h5, or the _pred.list that regenie step 1 wrote"});
    }
    std::vector<double> spread(std::size_t trait, std::string_view line, std::size_t number) const {
        const auto& places = places_[trait];
        const auto words = words_of(line);
        if (words.size() != places.size())
            throw_bad_loco(files_[trait],
                           text("the line has ", words.size(), " values, but there are ",
                                places.size(), " samples"),
                           text("line ", number));
        std::vector<double> values(samples_, std::numeric_limits<double>::quiet_NaN());
        for (std::size_t k = 0; k < words.size(); ++k) {
            if (words[k] == "NA") continue;
            const auto value = parse_double(words[k]);
            if (!value || !std::isfinite(*value))
                throw_bad_loco(files_[trait], "the value is not a number",
                               text("line ", number, ", column ", k + 2));
            if (places[k] != nobody) values[places[k]] = *value;
        }
        return values;
    }

    std::size_t samples_;
    std::vector<std::string> traits_;
    std::vector<std::filesystem::path> files_;
    std::vector<std::vector<std::uint32_t>> places_; // [trait][column]
};

} // namespace

std::unique_ptr<LocoPredictions::Source> open_regenie_loco(const std::filesystem::path& list,
                                                           const SampleTable& samples) {
    return std::make_unique<RegenieLoco>(list, samples);
}

std::string regenie_loco_text(std::span<const std::string> ids,
                              std::span<const std::string> chromosomes,
                              std::span<const std::vector<double>> rows) {
    SALUS_ASSERT(chromosomes.size() == rows.size());
    std::string out = "FID_IID";
    for (const std::string& id : ids)
        out += text(' ', id, '_', id);
    out += '\n';
    for (std::size_t c = 0; c < rows.size(); ++c) {
        out += chromosomes[c];
        for (const double value : rows[c]) {
            out += ' ';
            append_text(out, value);
        }
        out += '\n';
    }
    return out;
}

} // namespace salus

#include "formats/genotype_selection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/regions.hpp"

#include <algorithm>

namespace salus {
namespace {

void gather_calls(std::span<const std::uint32_t> kept, std::span<const std::uint8_t> from,
                  std::uint8_t* to) noexcept {
    unsigned byte = 0;
    for (std::size_t k = 0; k < kept.size(); ++k) {
        byte |= unsigned{packed_get(from, kept[k])} << (2 * (k % 4));
        if (k % 4 != 3 && k + 1 < kept.size()) continue;
        to[k / 4] = static_cast<std::uint8_t>(byte);
        byte = 0;
    }
}

/// Rows only become shorter, so that they can be moved inside their array from the first on.
void gather_rows(std::span<const std::uint32_t> kept, std::size_t samples, std::size_t variants,
                 std::vector<std::uint8_t>& rows) {
    if (rows.empty()) return;
    const std::size_t before = packed_bytes(samples), after = packed_bytes(kept.size());
    std::vector<std::uint8_t> row(after);
    for (std::size_t v = 0; v < variants; ++v) {
        gather_calls(kept, std::span<const std::uint8_t>(rows).subspan(v * before, before),
                     row.data());
        std::copy(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(v * after));
    }
    rows.resize(variants * after);
}

/// Both are ascending; samples get their new number.
void keep_depths(std::span<const std::uint32_t> kept, std::vector<HetDepth>& depths) {
    std::size_t to = 0, k = 0;
    for (const HetDepth depth : depths) {
        while (k < kept.size() && kept[k] < depth.sample)
            ++k;
        if (k == kept.size()) break;
        if (kept[k] == depth.sample)
            depths[to++] = {static_cast<std::uint32_t>(k), depth.alt, depth.total};
    }
    depths.resize(to);
}

template <class T>
void erase_slice(std::vector<T>& rows, std::size_t variants, std::size_t v) {
    const auto length = static_cast<std::ptrdiff_t>(rows.size() / variants);
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(v) * length;
    rows.erase(begin, begin + length);
}

} // namespace

void SampleChoice::apply(GenotypeRecord& record) const {
    const std::size_t variants = record.variants.size();
    gather_rows(kept_, samples_, variants, record.rows);
    gather_rows(kept_, samples_, variants, record.phase);
    keep_depths(kept_, record.depths);
    if (record.dosages.empty()) return;
    std::size_t to = 0;
    for (std::size_t v = 0; v < variants; ++v)
        for (const std::uint32_t sample : kept_)
            record.dosages[to++] = record.dosages[v * samples_ + sample];
    record.dosages.resize(to);
}

void remove_variant(GenotypeRecord& record, std::size_t v) {
    const std::size_t variants = record.variants.size();
    erase_slice(record.rows, variants, v);
    erase_slice(record.dosages, variants, v);
    erase_slice(record.phase, variants, v);
    record.depths.clear(); // they are of a site with one variant
    record.variants.erase(record.variants.begin() + static_cast<std::ptrdiff_t>(v));
}

VariantList::VariantList(const std::filesystem::path& path) {
    for_each_line(path, [&](std::string_view line, std::uint64_t) {
        line = trim(line);
        entries_.emplace(line.substr(0, line.find_first_of(" \t")), entries_.size());
    });
    if (entries_.empty())
        throw DataError({.what = "the variant list is empty",
                         .where = path.string(),
                         .why = {},
                         .help = "write one identifier or CHROM:POS:REF:ALT a line, or leave the "
                                 "list out"});
}

void VariantList::find(const Variant& variant, std::vector<std::uint64_t>& entries) const {
    const auto look_up = [&](std::string_view key) {
        const auto found = entries_.find(key);
        if (found != entries_.end()) entries.push_back(found->second);
    };
    if (!variant.id.empty())
        for (const std::string_view id : split(variant.id, ';'))
            look_up(id);
    key_ = variant.chromosome;
    key_ += ':';
    key_ += std::to_string(variant.position);
    key_ += ':';
    key_ += variant.ref;
    key_ += ':';
    key_ += variant.alt;
    look_up(key_);
}

bool SelectingReader::next(GenotypeRecord& out) {
    bool found = false;
    while (!found && from_.next(out)) {
        for (std::size_t v = out.variants.size(); v-- > 0;)
            if (!keeps(out.variants[v])) {
                remove_variant(out, v);
                ++unlisted_;
            }
        found = !out.variants.empty();
    }
    counters_ = from_.counters();
    counters_.unlisted = unlisted_;
    counters_.variants -= unlisted_;
    if (found && selection_.samples) selection_.samples->apply(out);
    return found;
}

bool SelectingReader::keeps(const Variant& variant) {
    bool keep = true;
    if (selection_.include) {
        const std::size_t before = included_.size();
        selection_.include->find(variant, included_);
        keep = included_.size() > before;
    }
    if (selection_.exclude) {
        const std::size_t before = excluded_.size();
        selection_.exclude->find(variant, excluded_);
        keep = keep && excluded_.size() == before;
    }
    return keep;
}

std::vector<std::uint64_t> SelectingReader::unique(std::vector<std::uint64_t>& entries) {
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    return entries;
}

std::vector<std::string> read_sample_list(const std::filesystem::path& path) {
    std::vector<std::string> names;
    bool headed = false;
    for_each_line(path, [&](std::string_view line, std::uint64_t) {
        const std::string_view name = trim(line.substr(0, line.find('\t')));
        if (names.empty() && !headed && name == "sample_id")
            headed = true;
        else
            names.emplace_back(name);
    });
    if (names.empty())
        throw DataError({.what = "the sample list is empty",
                         .where = path.string(),
                         .why = {},
                         .help = "write one sample name a line, or leave the list out"});
    return names;
}

std::unordered_map<std::string, std::string> read_sample_names(const std::filesystem::path& path) {
    std::unordered_map<std::string, std::string> names;
    for_each_line(path, [&](std::string_view line, std::uint64_t number) {
        const auto fail = [&](std::string what, std::string why) {
            throw DataError({.what = std::move(what),
                             .where = text(path.string(), ", line ", number),
                             .why = std::move(why),
                             .help = "correct the line"});
        };
        const char separator = line.find('\t') != std::string_view::npos ? '\t' : ',';
        const auto fields = split(line, separator);
        if (fields.size() != 2 || trim(fields[0]).empty() || trim(fields[1]).empty())
            fail(
                "the line is not two names",
                "it must hold the name in the files and the new name, separated by a tab or comma");
        if (!names.emplace(trim(fields[0]), trim(fields[1])).second)
            fail("a sample is renamed twice", "each sample has one new name");
    });
    return names;
}

} // namespace salus

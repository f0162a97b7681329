#include "stages/ingest_health/phases.hpp"

#include "health/event_store.hpp"

#include <algorithm>
#include <map>

namespace salus::ingest_health {
namespace {

/// Ascending entries with their hashes. Two entries of one hash would be confused: that ends the
/// job.
template <class Entry>
class Dictionary {
public:
    void add(Entry entry, std::uint64_t hash) {
        const auto [place, fresh] = by_hash_.try_emplace(hash, entry);
        SALUS_ASSERT(fresh || place->second == entry);
    }
    std::vector<std::pair<Entry, std::uint64_t>> sorted() const {
        std::vector<std::pair<Entry, std::uint64_t>> out;
        for (const auto& [hash, entry] : by_hash_)
            out.emplace_back(entry, hash);
        std::sort(out.begin(), out.end());
        return out;
    }

private:
    std::map<std::uint64_t, Entry> by_hash_;
};

void write_hashes(PartWriter& part, std::string_view name, const auto& entries) {
    std::vector<std::uint64_t> hashes;
    for (const auto& entry : entries)
        hashes.push_back(entry.second);
    part.write_array<std::uint64_t>(name, hashes, {}, Compression::none);
}

void write_codes(const Dictionary<CodeEntry>& codes, const Dictionary<std::string>& units,
                 PartWriter& part) {
    TableData code_rows(codes_table()), unit_rows(units_table());
    const auto sorted_codes = codes.sorted();
    for (const auto& [entry, hash] : sorted_codes) {
        code_rows.column<std::string>("code").push_back(entry.code);
        code_rows.column<std::uint32_t>("concept_id").push_back(entry.concept_id);
    }
    const auto sorted_units = units.sorted();
    for (const auto& [unit, hash] : sorted_units)
        unit_rows.column<std::string>("unit").push_back(unit);
    part.write(code_rows);
    part.write(unit_rows);
    write_hashes(part, "code_hashes", sorted_codes);
    write_hashes(part, "unit_hashes", sorted_units);
}

std::unordered_map<std::uint64_t, std::uint32_t>
index_of(const std::vector<std::uint64_t>& hashes) {
    std::unordered_map<std::uint64_t, std::uint32_t> index;
    index.reserve(hashes.size());
    for (std::uint32_t i = 0; i < hashes.size(); ++i)
        index.emplace(hashes[i], i);
    return index;
}

} // namespace

void merge_codes(const Plan& plan, const Parts& rows, PartWriter& part) {
    Dictionary<CodeEntry> codes;
    Dictionary<std::string> units;
    Counts counts;
    std::vector<std::uint64_t> lines_before;
    std::uint64_t end = 0, lines = 0;
    for (std::uint64_t u = 0; u < rows.size(); ++u) {
        const H5File piece = rows.open(u);
        const auto span = piece.read_array<std::uint64_t>("span");
        if (plan.units[u].first)
            lines = 0;
        else
            check_seam(plan.files[plan.units[u].file].path, end, span.at(0));
        lines_before.push_back(lines);
        end = span.at(1);
        lines += span.at(2);
        counts += Counts::read_from(piece);
        const TableData code_rows = piece.read("codes");
        for (std::size_t i = 0; i < code_rows.rows(); ++i)
            codes.add({code_rows.column<std::string>("code")[i],
                       code_rows.column<std::uint32_t>("concept_id")[i]},
                      code_rows.column<std::uint64_t>("hash")[i]);
        const TableData unit_rows = piece.read("units");
        for (std::size_t i = 0; i < unit_rows.rows(); ++i)
            units.add(unit_rows.column<std::string>("unit")[i],
                      unit_rows.column<std::uint64_t>("hash")[i]);
    }
    write_codes(codes, units, part);
    counts.write(part);
    part.write_array<std::uint64_t>("lines_before", lines_before, {}, Compression::none);
}

Merged Merged::read_from(const H5File& part) {
    return {.code = index_of(part.read_array<std::uint64_t>("code_hashes")),
            .unit = index_of(part.read_array<std::uint64_t>("unit_hashes")),
            .lines_before = part.read_array<std::uint64_t>("lines_before")};
}

} // namespace salus::ingest_health

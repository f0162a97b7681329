#include "stages/ingest_health/phases.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "health/event_store.hpp"

namespace salus::ingest_health {
namespace {

std::uint64_t code_hash(const CodeEntry& entry) {
    return hash64(text(entry.code, "\t", entry.concept_id), 1);
}

TableSpec hashed(TableSpec spec) {
    spec.columns.push_back({"hash", ColumnType::u64, "1", "key in staged rows"});
    return spec;
}

void write_dictionaries(const OmopReader& reader, PartWriter& part) {
    TableData codes(hashed(codes_table()));
    for (const CodeEntry& entry : reader.codes()) {
        codes.column<std::string>("code").push_back(entry.code);
        codes.column<std::uint32_t>("concept_id").push_back(entry.concept_id);
        codes.column<std::uint64_t>("hash").push_back(code_hash(entry));
    }
    part.write(codes);
    TableData units(hashed(units_table()));
    for (const std::string& unit : reader.units()) {
        units.column<std::string>("unit").push_back(unit);
        units.column<std::uint64_t>("hash").push_back(hash64(unit, 2));
    }
    part.write(units);
}

/// Hashes of the entries of a growing dictionary, computed once each.
class Hashes {
public:
    template <class Entries, class Hash>
    std::uint64_t of(std::uint32_t index, const Entries& entries, Hash hash) {
        while (known_.size() < entries.size())
            known_.push_back(hash(entries[known_.size()]));
        return known_[index];
    }

private:
    std::vector<std::uint64_t> known_;
};

} // namespace

Counts& Counts::operator+=(const Counts& other) {
    for (std::size_t t = 0; t < omop_table_count; ++t) {
        tables[t].read += other.tables[t].read;
        tables[t].kept += other.tables[t].kept;
        for (std::size_t r = 0; r < reject_count; ++r)
            tables[t].refused[r] += other.tables[t].refused[r];
    }
    return *this;
}

void Counts::write(PartWriter& part) const {
    std::vector<std::uint64_t> flat;
    for (const OfTable& table : tables) {
        flat.push_back(table.read);
        flat.push_back(table.kept);
        flat.insert(flat.end(), table.refused.begin(), table.refused.end());
    }
    part.write_array<std::uint64_t>("counts", flat, {omop_table_count, 2 + reject_count},
                                    Compression::none);
}

Counts Counts::read_from(const H5File& part) {
    const auto flat = part.read_array<std::uint64_t>("counts");
    SALUS_ASSERT(flat.size() == omop_table_count * (2 + reject_count));
    Counts counts;
    for (std::size_t t = 0; t < omop_table_count; ++t) {
        const std::uint64_t* row = flat.data() + t * (2 + reject_count);
        counts.tables[t].read = row[0];
        counts.tables[t].kept = row[1];
        std::copy(row + 2, row + 2 + reject_count, counts.tables[t].refused.begin());
    }
    return counts;
}

void stage_rows(const Plan& plan, std::uint64_t unit, const IngestHealthParams& params,
                PartWriter& part) {
    const SourceUnit& piece = plan.units[unit];
    const SourceFile& file = plan.files[piece.file];
    const CodeSystems systems{params.condition_codes, params.measurement_codes, params.drug_codes,
                              params.procedure_codes, params.observation_codes};
    OmopReader reader(file.table, file.path, piece.range, systems);
    StagedWriter staged(part, plan.shards);
    Counts counts;
    Hashes code_hashes, unit_hashes;
    while (reader.next()) {
        ++counts[file.table].read;
        if (!reader.reject().empty()) {
            if (params.on_bad_record == "fail") throw DataError(reader.problem());
            ++counts[file.table].refused[static_cast<std::size_t>(reader.reason())];
            continue;
        }
        const RecordRow& row = reader.row();
        StagedRow out{.person = parse_integer(row.person).value_or(0),
                      .value = row.value,
                      .line = reader.lines().line(),
                      .day = row.day,
                      .end = row.end,
                      .flag = row.sex};
        if (has_events(file.table)) {
            out.code = code_hashes.of(row.code, reader.codes(), code_hash);
            out.unit = unit_hashes.of(row.unit, reader.units(),
                                      [](const std::string& u) { return hash64(u, 2); });
            out.flag = row.comparator;
        }
        staged.add(out, row.text);
    }
    staged.finish();
    write_dictionaries(reader, part);
    counts.write(part);
    const DelimitedReader& lines = reader.lines();
    part.write_array<std::uint64_t>(
        "span",
        std::vector<std::uint64_t>{lines.first_byte(), lines.next_byte(), lines.lines_passed()}, {},
        Compression::none);
}

} // namespace salus::ingest_health

#include "stages/ingest_health/phases.hpp"

#include "base/text.hpp"
#include "stages/ingest_health/sources.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <memory>
#include <unordered_map>

namespace salus::ingest_health {
namespace {

/// The identifier of a record as it is stored.
std::uint64_t record_key(std::string_view record, const Pseudonyms& pseudonyms) {
    constexpr std::size_t most_digits = 18;
    if (record.empty()) return no_record;
    std::uint64_t number = 0;
    for (const char c : record) {
        if (c < '0' || c > '9') return hashed_record | pseudonyms.record(record);
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return record.size() <= most_digits ? number : hashed_record | pseudonyms.record(record);
}

/// Sites in the order of their first appearance; the first is the unknown one.
class Sites {
public:
    std::uint32_t of(std::string_view site) {
        if (site.empty()) return 0;
        if (site == names_[last_]) return last_;
        const auto [place, fresh] =
            index_.try_emplace(std::string(site), static_cast<std::uint32_t>(names_.size()));
        if (fresh) names_.emplace_back(site);
        return last_ = place->second;
    }
    const std::vector<std::string>& names() const noexcept { return names_; }

private:
    std::vector<std::string> names_{""};
    std::unordered_map<std::string, std::uint32_t> index_;
    std::uint32_t last_ = 0;
};

void write_dictionaries(const RecordReader& reader, const Sites& sites, PartWriter& part) {
    TableData codes(codes_table());
    for (const CodeEntry& entry : reader.codes()) {
        codes.column<std::string>("code").push_back(entry.code);
        codes.column<std::uint32_t>("concept_id").push_back(entry.concept_id);
    }
    write_packed(part, codes);
    TableData units(units_table());
    units.column<std::string>("unit") = reader.units();
    if (reader.units().empty()) units.column<std::string>("unit").emplace_back();
    write_packed(part, units);
    TableData names(sites_table());
    names.column<std::string>("site") = sites.names();
    write_packed(part, names);
}

StagedRow staged(const RecordRow& row, std::uint64_t line) {
    const bool dated = row.kind == RecordKind::event || row.kind == RecordKind::observation_period;
    return {.kind = row.kind,
            .line = line,
            .day = row.day,
            .end = dated ? row.end : row.day,
            .event = row.event,
            .source = row.source,
            .flags = row.flags,
            .comparator = row.comparator,
            .sex = row.sex,
            .has_birth = row.has_birth,
            .code = row.code,
            .unit = row.unit,
            .value_code = row.value_code,
            .value = row.kind == RecordKind::person ? row.death : row.value,
            .text = row.text};
}

TableSpec medications_table() {
    return {.name = "medications",
            .row = "medication",
            .doc = "Codes of Medication resources.",
            .columns = {{"id", ColumnType::text, "", "id of the resource"},
                        {"system", ColumnType::text, "", "code system"},
                        {"code", ColumnType::text, "", "code"},
                        {"display", ColumnType::text, "", "what it means"}}};
}

} // namespace

void read_medications(const Plan& plan, const IngestHealthParams& params, PartWriter& part) {
    FhirMedications all;
    for (const SourceFile& file : plan.files)
        if (file.medications)
            read_fhir_medications(file.path, fhir_options(plan, params),
                                  params.on_bad_record == "skip", all);
    TableData rows(medications_table());
    for (FhirMedicationCode& entry : all.entries()) {
        rows.column<std::string>("id").push_back(std::move(entry.id));
        rows.column<std::string>("system").push_back(std::move(entry.system));
        rows.column<std::string>("code").push_back(std::move(entry.code));
        rows.column<std::string>("display").push_back(std::move(entry.display));
    }
    write_packed(part, rows);
}

FhirMedications medications_from(const H5File& part) {
    const TableData rows = read_packed(part, medications_table());
    FhirMedications all;
    for (std::size_t i = 0; i < rows.rows(); ++i)
        all.add({rows.column<std::string>("id")[i], rows.column<std::string>("system")[i],
                 rows.column<std::string>("code")[i], rows.column<std::string>("display")[i]});
    return all;
}

void stage_rows(const Plan& plan, std::uint64_t unit, const IngestHealthParams& params,
                const Pseudonyms& pseudonyms, const FhirMedications& medications,
                PartWriter& part) {
    const SourceUnit& piece = plan.units[unit];
    const auto reader = open_source(plan, piece, params, medications);
    StagedWriter rows(part, plan.shards, pseudonyms);
    Counts counts(plan.files.size());
    Sites sites;
    std::vector<std::uint64_t> deletions;
    const bool fails = params.on_bad_record == "fail";
    std::uint64_t read = 0;
    while (reader->next()) {
        ++read;
        if (const std::string_view reason = reader->reject(); !reason.empty()) {
            if (fails && !reader->left_out()) throw DataError(reader->problem());
            counts.refuse(piece.file, reason, reader->line());
            continue;
        }
        const RecordRow& row = reader->row();
        if (row.kind == RecordKind::deletion) {
            deletions.push_back(record_key(row.record, pseudonyms));
            counts.keep(piece.file);
            continue;
        }
        StagedRow out = staged(row, reader->line());
        out.record = record_key(row.record, pseudonyms);
        out.visit = record_key(row.visit, pseudonyms);
        if (row.kind == RecordKind::person) out.site = sites.of(row.site);
        rows.add(row.person, out);
    }
    rows.finish();
    counts.read(piece.file, read);
    counts.write(part);
    write_dictionaries(*reader, sites, part);
    part.write_array<std::uint64_t>("deletions", deletions, {}, Compression::none);
    part.write_array<std::uint64_t>("span",
                                    std::vector<std::uint64_t>{reader->first_byte(),
                                                               reader->next_byte(),
                                                               reader->lines_passed()},
                                    {}, Compression::none);
    part.file().attribute("/", "key_mark", pseudonyms.key_mark());
}

} // namespace salus::ingest_health

#include "stages/ingest_health/plan.hpp"

#include "base/text.hpp"
#include "formats/fhir_folder.hpp"
#include "formats/vocabulary_files.hpp"
#include "health/event_store.hpp"
#include "stages/ingest_health/sources.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace salus::ingest_health {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t shard_bytes = 256 * mebibyte, most_shards = 4096;
constexpr std::uint64_t text_of_store = 6; // bytes of text behind a byte of a store, about

std::uint64_t text_bytes(const std::filesystem::path& path) {
    return InputFile(path).size() * (is_packed(path) ? 5 : 1);
}

std::optional<std::filesystem::path> optional_input(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    if (found == inputs.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
}

SourceFile source_file(SourceForm form, OmopTable table, const std::filesystem::path& path) {
    SourceFile file;
    file.form = form;
    file.table = table;
    file.path = path;
    file.label = to_string(table);
    file.name = path.filename().string();
    return file;
}

void number_labels(std::vector<SourceFile>& files) {
    std::map<std::string, std::uint32_t> numbers;
    for (SourceFile& file : files)
        file.label_number =
            numbers.try_emplace(file.label, static_cast<std::uint32_t>(numbers.size()))
                .first->second;
}

/// The files of earlier runs stay, so that the events of `previous` name them by the same numbers.
void take_previous(const std::filesystem::path& path, Plan& plan) {
    const EventStore store(path);
    plan.previous = path;
    plan.has_periods = store.file().integer_attribute("/", "has_observation_periods") != 0;
    const TableData files = store.file().read("ingested");
    for (std::size_t f = 0; f < files.rows(); ++f) {
        SourceFile file;
        file.path = path;
        file.label = files.column<std::string>("table")[f];
        file.name = files.column<std::string>("file")[f];
        file.update = files.column<std::uint32_t>("update")[f];
        file.rows_read = files.column<std::uint64_t>("rows_read")[f];
        file.rows_kept = files.column<std::uint64_t>("rows_kept")[f];
        plan.files.push_back(std::move(file));
    }
    plan.first_new_file = plan.files.size();
}

std::string names_of(const std::vector<std::filesystem::path>& files) {
    std::string names;
    for (const auto& path : files)
        names += text(names.empty() ? "" : ", ", path.filename().string());
    return names;
}

/// Files of the inputs; says how many bytes of text they hold.
void take_files(const Inputs& inputs, Plan& plan) {
    if (const auto folder = optional_input(inputs, "omop")) {
        const OmopFiles found = find_omop_files(*folder);
        for (const auto& [table, path] : found.paths)
            plan.files.push_back(source_file(SourceForm::omop, table, path));
        plan.has_periods = plan.has_periods || found.paths.contains(OmopTable::observation_period);
        plan.passed_over = names_of(found.passed_over);
        plan.unknown_files = names_of(found.unknown);
    }
    if (const auto folder = optional_input(inputs, "fhir")) {
        FhirSources found = find_fhir_sources(*folder);
        plan.export_errors = found.export_errors;
        plan.not_listed = found.not_listed;
        std::move(found.files.begin(), found.files.end(), std::back_inserter(plan.files));
        plan.documents = std::move(found.documents);
    }
    if (const auto links = optional_input(inputs, "links")) {
        plan.files.push_back(source_file(SourceForm::link, OmopTable::link, *links));
        plan.has_links = true;
    }
    for (std::size_t f = plan.first_new_file; f < plan.files.size(); ++f)
        if (plan.files[f].form != SourceForm::documents)
            plan.text_bytes += text_bytes(plan.files[f].path);
    for (const std::filesystem::path& path : plan.documents)
        plan.text_bytes += text_bytes(path);
    if (plan.previous) plan.text_bytes += text_of_store * InputFile(*plan.previous).size();
}

/// Documents that follow each other, about `bytes` of them or `most` at a time.
std::vector<ByteRange> document_ranges(const Plan& plan, std::uint64_t bytes) {
    constexpr std::uint64_t most = 4096;
    std::vector<ByteRange> ranges;
    std::uint64_t begin = 0, sum = 0;
    for (std::uint64_t d = 0; d < plan.documents.size(); ++d) {
        sum += text_bytes(plan.documents[d]);
        if (sum < bytes && d + 1 - begin < most && d + 1 < plan.documents.size()) continue;
        ranges.push_back({begin, d + 1});
        begin = d + 1;
        sum = 0;
    }
    return ranges;
}

std::vector<ByteRange> ranges_of(const Plan& plan, const SourceFile& file, bool cut_files,
                                 std::uint64_t bytes) {
    if (file.form == SourceForm::documents) return document_ranges(plan, bytes);
    if (!cut_files) return {{}};
    return file.form == SourceForm::fhir ? fhir_ranges(file.path, bytes)
                                         : delimited_ranges(file.path, bytes);
}

} // namespace

std::uint64_t piece_bytes(const IngestHealthParams& params, std::uint64_t text_bytes) {
    if (params.unit_bytes > 0) return static_cast<std::uint64_t>(params.unit_bytes);
    return std::clamp(text_bytes / 1024 / mebibyte * mebibyte, 64 * mebibyte, 512 * mebibyte);
}

std::uint64_t shard_count(const IngestHealthParams& params, std::uint64_t text_bytes) {
    if (params.shards > 0) return static_cast<std::uint64_t>(params.shards);
    return std::clamp<std::uint64_t>(text_bytes / shard_bytes + 1, 1, most_shards);
}

Plan make_plan(const IngestHealthParams& params, const Inputs& inputs) {
    Plan plan;
    if (const auto aliases = optional_input(inputs, "code_systems"))
        plan.aliases = CodeSystemAliases::read(*aliases);
    plan.vocabulary = optional_input(inputs, "vocabulary");
    if (plan.vocabulary) check_vocabulary(*plan.vocabulary);
    if (const auto previous = optional_input(inputs, "previous")) take_previous(*previous, plan);
    take_files(inputs, plan);
    number_labels(plan.files);
    std::uint32_t update = 0;
    for (std::size_t f = 0; f < plan.first_new_file; ++f)
        update = std::max(update, plan.files[f].update + 1);
    for (std::size_t f = plan.first_new_file; f < plan.files.size(); ++f)
        plan.files[f].update = update;
    const std::uint64_t cut = piece_bytes(params, plan.text_bytes);
    plan.shards = shard_count(params, plan.text_bytes);
    for (std::size_t f = plan.first_new_file; f < plan.files.size(); ++f) {
        const auto ranges = ranges_of(plan, plan.files[f], params.cut_files, cut);
        for (std::size_t r = 0; r < ranges.size(); ++r)
            plan.units.push_back({.file = f, .range = ranges[r], .first = r == 0});
    }
    return plan;
}

} // namespace salus::ingest_health

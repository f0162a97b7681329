#include "formats/fhir.hpp"

#include "base/text.hpp"
#include "formats/fhir_folder.hpp"
#include "formats/fhir_resource.hpp"
#include "formats/padded_lines.hpp"

#include <algorithm>
#include <new>

namespace salus {
namespace {

using fhir::Json;

constexpr std::size_t first_capacity = std::size_t{1} << 16, deepest = 256;

TextCut cut_of(const std::filesystem::path& path) {
    return is_fhir_document(path) ? TextCut::whole_file : TextCut::lines;
}

FhirReason reason_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS:
        return FhirReason::none;
    case simdjson::MEMALLOC:
        throw std::bad_alloc();
    case simdjson::UTF8_ERROR:
        return FhirReason::not_utf8;
    case simdjson::DEPTH_ERROR:
        return FhirReason::too_deep;
    default:
        return FhirReason::not_json;
    }
}

} // namespace

/// Lines of a file, parsed.
class JsonDocuments {
public:
    JsonDocuments(const std::filesystem::path& path, ByteRange range, std::uint64_t longest)
        : lines_(path, range, longest, cut_of(path)) {}

    bool next() {
        if (!lines_.next()) return false;
        reason_ = lines_.too_long() ? FhirReason::line_too_long : parse();
        return true;
    }
    FhirReason reason() const noexcept { return reason_; }
    const Json& json() const noexcept { return json_; }
    const PaddedLines& lines() const noexcept { return lines_; }

private:
    FhirReason parse() {
        const std::string_view line = lines_.line();
        if (line.size() > parser_.capacity()) {
            const auto error =
                parser_.allocate(std::max(first_capacity, line.size() + line.size() / 4), deepest);
            if (error != simdjson::SUCCESS) throw std::bad_alloc();
        }
        return reason_of(parser_.parse(line.data(), line.size(), false).get(json_));
    }

    PaddedLines lines_;
    simdjson::dom::parser parser_;
    Json json_;
    FhirReason reason_ = FhirReason::none;
};

namespace {

Problem problem_of(const JsonDocuments& documents, FhirReason reason, std::string_view place) {
    return {
        .what = text("bad FHIR resource: ", to_string(reason)),
        .where = text(documents.lines().where(), place),
        .why = std::string(rule_of(reason)),
        .help =
            reason == FhirReason::unresolved_medication
                ? "add the Medication file of the export, or set on_bad_record = \"skip\" to leave "
                  "such records out and count them"
                : "mend the line, or set on_bad_record = \"skip\" to leave such lines out and "
                  "count them"};
}

} // namespace

struct FhirReader::State {
    JsonDocuments documents;
    fhir::Extractor extractor;
    fhir::BundleIndex bundle;
    bool in_bundle = false;
    std::size_t entry = 0; // of the Bundle, the next one
    std::size_t row = 0;   // of the resource, the next one
    FhirReason reason = FhirReason::none;

    /// Rows of the next resource; false at the end of the file.
    bool next_resource();
    void open_bundle();
    void read_entry();
};

bool FhirReader::State::next_resource() {
    row = 0;
    if (in_bundle && entry < bundle.entries().size()) {
        read_entry();
        return true;
    }
    in_bundle = false;
    if (!documents.next()) return false;
    reason = documents.reason();
    if (reason != FhirReason::none) return true;
    reason = extractor.extract(documents.json(), nullptr);
    if (reason == FhirReason::other_resource && extractor.type_name() == "Bundle") open_bundle();
    return true;
}

void FhirReader::State::open_bundle() {
    in_bundle = true;
    entry = 0;
    reason = bundle.read(documents.json()) ? FhirReason::none : FhirReason::wrong_type;
    if (reason != FhirReason::none) in_bundle = false;
}

void FhirReader::State::read_entry() {
    const fhir::BundleEntry& which = bundle.entries()[entry++];
    if (which.method == "DELETE")
        reason = extractor.withdraw(which.url);
    else if (which.resource)
        reason = extractor.extract(*which.resource, &bundle, which.id);
    else
        reason = FhirReason::not_a_resource;
}

FhirReader::FhirReader(const std::filesystem::path& path, ByteRange range,
                       const FhirOptions& options, const FhirMedications& medications)
    : state_(new State{.documents = JsonDocuments(path, range, options.line_bytes),
                       .extractor =
                           fhir::Extractor(medications, options.sample_system, options.aliases),
                       .bundle = {}}) {}

FhirReader::~FhirReader() = default;

bool FhirReader::next() {
    State& s = *state_;
    if (s.reason == FhirReason::none && s.row + 1 < s.extractor.rows().size()) {
        ++s.row;
        return true;
    }
    while (s.next_resource())
        if (s.reason != FhirReason::none || !s.extractor.rows().empty()) return true;
    return false;
}

std::string_view FhirReader::reject() const noexcept {
    return state_->reason == FhirReason::none ? std::string_view{} : to_string(state_->reason);
}
bool FhirReader::left_out() const noexcept { return is_left_out(state_->reason); }
const RecordRow& FhirReader::row() const noexcept { return state_->extractor.rows()[state_->row]; }
std::uint64_t FhirReader::line() const noexcept { return state_->documents.lines().number(); }
const std::vector<CodeEntry>& FhirReader::codes() const noexcept {
    return state_->extractor.codes().codes();
}
const std::vector<std::string>& FhirReader::units() const noexcept {
    return state_->extractor.codes().units();
}
std::uint64_t FhirReader::first_byte() const noexcept {
    return state_->documents.lines().first_byte();
}
std::uint64_t FhirReader::next_byte() const noexcept {
    return state_->documents.lines().next_byte();
}
std::uint64_t FhirReader::lines_passed() const noexcept {
    return state_->documents.lines().lines_passed();
}

Problem FhirReader::problem() const {
    std::string place;
    if (state_->in_bundle) place = text(", entry ", state_->entry);
    if (state_->documents.reason() == FhirReason::none &&
        state_->reason != FhirReason::not_a_resource) {
        const std::string_view type = state_->extractor.type_name();
        const FhirElement element = state_->extractor.element();
        place += text(", ", type);
        if (element != FhirElement::none)
            place += text(type.empty() ? "" : ".", to_string(element));
    }
    return problem_of(state_->documents, state_->reason, place);
}

void read_fhir_medications(const std::filesystem::path& path, const FhirOptions& options,
                           bool skip_bad, FhirMedications& into) {
    for (JsonDocuments documents(path, {}, options.line_bytes); documents.next();) {
        if (documents.reason() != FhirReason::none) {
            if (!skip_bad) throw DataError(problem_of(documents, documents.reason(), ""));
            continue;
        }
        const Json& json = documents.json();
        if (fhir::text_member(json, "resourceType") != "Medication") continue;
        const std::string id(fhir::text_member(json, "id"));
        if (id.empty()) continue;
        into.add({.id = id, .system = {}, .code = {}, .display = {}});
        const auto code = fhir::member(json, "code");
        const auto codings = code ? fhir::member(*code, "coding") : std::nullopt;
        fhir::JsonArray array;
        if (!codings || !fhir::take(*codings, array)) continue;
        for (const Json coding : array)
            into.add({.id = id,
                      .system = std::string(fhir::text_member(coding, "system")),
                      .code = std::string(fhir::text_member(coding, "code")),
                      .display = std::string(fhir::text_member(coding, "display"))});
    }
}

} // namespace salus

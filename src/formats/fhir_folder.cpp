#include "formats/fhir_folder.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/fhir_json.hpp"
#include "formats/padded_lines.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>

namespace salus {
namespace {

namespace fs = std::filesystem;
using fhir::Json;

constexpr std::size_t longest_look = std::size_t{1} << 26; // bytes of a first line

/// Name without the ending of a compression, in lower case.
std::string plain_name(const fs::path& path) {
    std::string name = lower(path.filename().string());
    for (const std::string_view end : {".gz", ".zst"})
        if (name.ends_with(end)) name.resize(name.size() - end.size());
    return name;
}

/// Names of the files that a manifest lists in `list`.
std::set<std::string> names_in(const Json& manifest, std::string_view list) {
    std::set<std::string> names;
    fhir::JsonArray files;
    if (const auto entries = fhir::member(manifest, list); !entries || !fhir::take(*entries, files))
        return names;
    for (const Json file : files) {
        std::string_view url = fhir::text_member(file, "url");
        url = url.substr(0, url.find_first_of("?#"));
        names.insert(plain_name(fs::path(url.substr(url.rfind('/') + 1))));
    }
    return names;
}

/// The first line of a file, or the whole of a document, parsed.
class FirstLook {
public:
    explicit FirstLook(const fs::path& path)
        : lines_(path, {}, longest_look,
                 is_fhir_document(path) ? TextCut::whole_file : TextCut::lines) {
        good_ = lines_.next() && !lines_.too_long() &&
                parser_.parse(lines_.line().data(), lines_.line().size(), false).get(json_) ==
                    simdjson::SUCCESS;
    }
    /// Nothing if the file is empty, or not JSON: its reader will tell.
    std::optional<Json> json() const { return good_ ? std::optional<Json>(json_) : std::nullopt; }

private:
    PaddedLines lines_;
    simdjson::dom::parser parser_;
    Json json_;
    bool good_ = false;
};

std::uint64_t count_lines(const fs::path& path) {
    std::uint64_t count = 0;
    for (PaddedLines lines(path, {}, longest_look); lines.next();)
        ++count;
    return count;
}

std::vector<FhirFile> json_files(const fs::path& folder) {
    std::vector<FhirFile> files;
    std::error_code code;
    for (fs::recursive_directory_iterator at(folder, code), end; !code && at != end;
         at.increment(code)) {
        const std::string name = plain_name(at->path());
        if (!at->is_regular_file(code) || (!name.ends_with(".ndjson") && !name.ends_with(".json")))
            continue;
        files.push_back({.path = at->path(),
                         .name = at->path().lexically_relative(folder).generic_string(),
                         .label = {}});
    }
    if (code)
        throw DataError({.what = text("cannot read the folder: ", code.message()),
                         .where = folder.string(),
                         .why = "the input fhir is a folder of NDJSON files or documents",
                         .help = "check the path and its permissions"});
    std::sort(files.begin(), files.end(),
              [](const FhirFile& a, const FhirFile& b) { return a.name < b.name; });
    return files;
}

/// Sorts files into what they are, one after the other.
class Finder {
public:
    explicit Finder(const fs::path& folder) : folder_(folder), files_(json_files(folder)) {}

    FhirFolder find() {
        std::erase_if(files_, [&](const FhirFile& file) { return take_manifest(file); });
        for (FhirFile& file : files_) {
            const std::string name = plain_name(file.path);
            if (has_manifest_ && errors_.contains(name))
                out_.export_errors += count_lines(file.path);
            else if (has_manifest_ && !listed_.contains(name))
                out_.not_listed.push_back(file.name);
            else
                take(std::move(file));
            listed_.erase(name);
        }
        check();
        return std::move(out_);
    }

private:
    /// Reads a manifest, which has a transactionTime and is no resource.
    bool take_manifest(const FhirFile& file) {
        if (!is_fhir_document(file.path)) return false;
        const FirstLook look(file.path);
        const auto json = look.json();
        if (!json || fhir::member(*json, "resourceType") || !fhir::member(*json, "transactionTime"))
            return false;
        has_manifest_ = true;
        for (const char* list : {"output", "deleted"})
            listed_.merge(names_in(*json, list));
        errors_.merge(names_in(*json, "error"));
        return true;
    }

    void take(FhirFile file) {
        if (is_fhir_document(file.path)) {
            file.label = "document";
        } else {
            const FirstLook look(file.path);
            const auto json = look.json();
            if (json && fhir::member(*json, "exportId")) return; // log of the export
            if (json) file.label = fhir::text_member(*json, "resourceType");
            if (file.label == "OperationOutcome") {
                out_.export_errors += count_lines(file.path);
                return;
            }
            if (file.label.empty()) file.label = "unknown";
            file.medications = file.label == "Medication";
        }
        out_.files.push_back(std::move(file));
    }

    void check() const {
        std::vector<Problem> problems;
        for (const std::string& name : listed_)
            problems.push_back({.what = text("the export lacks the file ", name),
                                .where = folder_.string(),
                                .why = "its manifest names it",
                                .help = "copy the file from the server, or make the export again"});
        if (problems.empty() && out_.files.empty())
            problems.push_back({.what = "there is no FHIR file",
                                .where = folder_.string(),
                                .why = "names end with .ndjson or .json, or these and .gz or .zst",
                                .help = "check the path of the folder"});
        if (!problems.empty()) throw DataError(std::move(problems));
    }

    fs::path folder_;
    std::vector<FhirFile> files_;
    bool has_manifest_ = false;
    std::set<std::string> listed_, errors_;
    FhirFolder out_;
};

} // namespace

bool is_fhir_document(const fs::path& path) { return plain_name(path).ends_with(".json"); }

std::vector<ByteRange> fhir_ranges(const fs::path& path, std::uint64_t bytes) {
    return is_fhir_document(path) ? std::vector<ByteRange>{{}} : delimited_ranges(path, bytes);
}

FhirFolder find_fhir_files(const fs::path& folder) { return Finder(folder).find(); }

} // namespace salus

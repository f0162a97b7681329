#include "health/code_system.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "health/code_form.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

using System = CodeSystem;
constexpr std::array known_systems{
    System{"ABSENTUNKNOWN", "ABSENTUNKNOWN"},
    System{"ATC", "ATC", true, false, true},
    System{"CPT", "CPT"},
    System{"CVX", "CVX"},
    System{"DMD", "DMD"},
    System{"GTIN", "GTIN"},
    System{"HCPCS", "HCPCS"},
    System{"HP", "HP"},
    System{"ICD10", "ICD10", true, true, true},
    System{"ICD10AM", "ICD10", true, true, true},
    System{"ICD10CA", "ICD10", true, true, true},
    System{"ICD10CM", "ICD10", true, true, true},
    System{"ICD10FR", "ICD10", true, true, true},
    System{"ICD10GM", "ICD10", true, true, true},
    System{"ICD10NL", "ICD10", true, true, true},
    System{"ICD10PCS", "ICD10PCS", true, false, true},
    System{"ICD10SE", "ICD10", true, true, true},
    System{"ICD11", "ICD11", true, true, true},
    System{"ICD9", "ICD9", true, true, true},
    System{"ICD9CM", "ICD9", true, true, true},
    System{"ICD9PROC", "ICD9PROC", true, true, true},
    System{"ICDO3", "ICDO3", true, false, true},
    System{"ICPC", "ICPC", true, true, true},
    System{"LOCAL", "LOCAL"},
    System{"LOINC", "LOINC"},
    System{"NDC", "NDC"},
    System{"OMIM", "OMIM"},
    System{"OMOP", "OMOP"},
    System{"OPCS4", "OPCS4", true, true, true},
    System{"ORPHA", "ORPHA"},
    System{"PHECODE", "PHECODE"},
    System{"PHECODEX", "PHECODEX"},
    System{"PHPID", "PHPID"},
    System{"READ", "READ"},
    System{"READ2", "READ"},
    System{"READ3", "READ"},
    System{"RXNORM", "RXNORM"},
    System{"SNOMED", "SNOMED"},
    System{"UCUM", "UCUM"},
};

struct SystemAlias {
    std::string_view written, system;
};

// Short names, reduced to letters and digits in upper case.
constexpr std::array short_names{
    SystemAlias{"CIM10", "ICD10FR"},
    SystemAlias{"CTV3", "READ3"},
    SystemAlias{"DMPLUSD", "DMD"},
    SystemAlias{"HPO", "HP"},
    SystemAlias{"ICD103", "ICD10"},
    SystemAlias{"ICD10DE", "ICD10GM"},
    SystemAlias{"ICD10WHO", "ICD10"},
    SystemAlias{"ICD11MMS", "ICD11"},
    SystemAlias{"ICD9CMDX", "ICD9CM"},
    SystemAlias{"ICD9WHO", "ICD9"},
    SystemAlias{"ICPC1", "ICPC"},
    SystemAlias{"ICPC1NL", "ICPC"},
    SystemAlias{"ICPC2", "ICPC"},
    SystemAlias{"KSH97P", "ICD10SE"},
    SystemAlias{"LNC", "LOINC"},
    SystemAlias{"ORDO", "ORPHA"},
    SystemAlias{"ORPHANET", "ORPHA"},
    SystemAlias{"OPCS", "OPCS4"},
    SystemAlias{"PHECODE12", "PHECODE"},
    SystemAlias{"PHEX", "PHECODEX"},
    SystemAlias{"READV2", "READ2"},
    SystemAlias{"READCODE", "READ"},
    SystemAlias{"READCTV3", "READ3"},
    SystemAlias{"RXCUI", "RXNORM"},
    SystemAlias{"RXNORMEXTENSION", "RXNORM"},
    SystemAlias{"SCT", "SNOMED"},
    SystemAlias{"SNOMEDCT", "SNOMED"},
};

// OIDs without "urn:oid:".
constexpr std::array oids{
    SystemAlias{"2.16.840.1.113883.6.96", "SNOMED"},
    SystemAlias{"2.16.840.1.113883.6.1", "LOINC"},
    SystemAlias{"2.16.840.1.113883.6.88", "RXNORM"},
    SystemAlias{"2.16.840.1.113883.6.73", "ATC"},
    SystemAlias{"2.16.840.1.113883.6.3", "ICD10"},
    SystemAlias{"1.3.6.1.4.1.12559.11.10.1.3.1.44.2", "ICD10"}, // MyHealth@EU
    SystemAlias{"2.16.840.1.113883.6.90", "ICD10CM"},
    SystemAlias{"2.16.840.1.113883.6.4", "ICD10PCS"},
    SystemAlias{"2.16.840.1.113883.6.135", "ICD10AM"},
    SystemAlias{"2.16.840.1.113883.6.347", "ICD11"},
    SystemAlias{"2.16.840.1.113883.6.103", "ICD9CM"},
    SystemAlias{"2.16.840.1.113883.6.2", "ICD9CM"},
    SystemAlias{"2.16.840.1.113883.6.104", "ICD9PROC"},
    SystemAlias{"2.16.840.1.113883.6.42", "ICD9"},
    SystemAlias{"2.16.840.1.113883.6.43.1", "ICDO3"},
    SystemAlias{"2.16.840.1.113883.6.139", "ICPC"},
    SystemAlias{"2.16.840.1.113883.6.140", "ICPC"},
    SystemAlias{"2.16.840.1.113883.2.4.4.31.1", "ICPC"},
    SystemAlias{"2.16.840.1.113883.12.292", "CVX"},
    SystemAlias{"2.16.840.1.113883.6.8", "UCUM"},
    SystemAlias{"2.16.840.1.113883.6.69", "NDC"},
    SystemAlias{"2.16.840.1.113883.6.12", "CPT"},
    SystemAlias{"2.16.840.1.113883.6.285", "HCPCS"},
    SystemAlias{"2.16.840.1.113883.6.339", "HP"},
    SystemAlias{"2.16.840.1.113883.6.174", "OMIM"},
    SystemAlias{"1.3.6.1.4.1.12559.11.10.1.3.1.44.5", "ORPHA"},
    SystemAlias{"1.3.160", "GTIN"},
    SystemAlias{"2.16.840.1.113883.5.1150.1", "ABSENTUNKNOWN"},
};

// URIs in lower case without scheme and "www.".
constexpr std::array uris{
    SystemAlias{"loinc.org", "LOINC"},
    SystemAlias{"snomed.info/sct", "SNOMED"},
    SystemAlias{"nlm.nih.gov/research/umls/rxnorm", "RXNORM"},
    SystemAlias{"whocc.no/atc", "ATC"},
    SystemAlias{"fhir.de/codesystem/bfarm/atc", "ATC"},
    SystemAlias{"fhir.de/codesystem/dimdi/atc", "ATC"},
    SystemAlias{"hl7.org/fhir/sid/icd-10", "ICD10"},
    SystemAlias{"id.who.int/icd/release/10", "ICD10"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-cm", "ICD10CM"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-de", "ICD10GM"},
    SystemAlias{"fhir.de/codesystem/bfarm/icd-10-gm", "ICD10GM"},
    SystemAlias{"fhir.de/codesystem/dimdi/icd-10-gm", "ICD10GM"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-fr", "ICD10FR"},
    SystemAlias{"smt.esante.gouv.fr/terminologie-cim-10", "ICD10FR"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-nl", "ICD10NL"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-ca", "ICD10CA"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-am", "ICD10AM"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-se", "ICD10SE"},
    SystemAlias{"hl7.org/fhir/sid/icd-10-pcs", "ICD10PCS"},
    SystemAlias{"cms.gov/medicare/coding/icd10", "ICD10PCS"},
    SystemAlias{"id.who.int/icd11/mms", "ICD11"},
    SystemAlias{"id.who.int/icd/release/11/mms", "ICD11"},
    SystemAlias{"hl7.org/fhir/sid/icd-11", "ICD11"},
    SystemAlias{"hl7.org/fhir/sid/icd-9-cm", "ICD9CM"},
    SystemAlias{"hl7.org/fhir/sid/icd-9", "ICD9"},
    SystemAlias{"terminology.hl7.org/codesystem/icd9cm", "ICD9CM"},
    SystemAlias{"terminology.hl7.org/codesystem/icd-o-3", "ICDO3"},
    SystemAlias{"hl7.org/fhir/sid/icpc-1", "ICPC"},
    SystemAlias{"hl7.org/fhir/sid/icpc-1-nl", "ICPC"},
    SystemAlias{"hl7.org/fhir/sid/icpc-2", "ICPC"},
    SystemAlias{"hl7.org/fhir/sid/cvx", "CVX"},
    SystemAlias{"hl7.org/fhir/sid/ndc", "NDC"},
    SystemAlias{"ama-assn.org/go/cpt", "CPT"},
    SystemAlias{"unitsofmeasure.org", "UCUM"},
    SystemAlias{"orpha.net", "ORPHA"},
    SystemAlias{"human-phenotype-ontology.org", "HP"},
    SystemAlias{"purl.obolibrary.org/obo/hp.owl", "HP"},
    SystemAlias{"omim.org", "OMIM"},
    SystemAlias{"fhir.hl7.org.uk/id/opcs-4", "OPCS4"},
    SystemAlias{"read.info/readv2", "READ2"},
    SystemAlias{"read.info/ctv3", "READ3"},
    SystemAlias{"dmd.nhs.uk", "DMD"},
    SystemAlias{"gs1.org/gtin", "GTIN"},
    SystemAlias{"who-umc.org/phpid", "PHPID"},
    SystemAlias{"hl7.org/fhir/uv/ips/codesystem/absent-unknown-uv-ips", "ABSENTUNKNOWN"},
};

template <std::size_t N>
std::string_view system_of(const std::array<SystemAlias, N>& table,
                           std::string_view written) noexcept {
    const auto at = std::find_if(table.begin(), table.end(), [&](const SystemAlias& alias) {
        return alias.written == written;
    });
    return at == table.end() ? std::string_view{} : at->system;
}

/// Takes `front` off `text` if it begins so.
bool drop(std::string_view& text, std::string_view front) noexcept {
    if (!text.starts_with(front)) return false;
    text.remove_prefix(front.size());
    return true;
}

bool is_oid(std::string_view text) noexcept {
    return text.find('.') != std::string_view::npos && is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

std::string letters_and_digits(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (is_letter(c) || is_digit(c)) out += upper(c);
    return out;
}

/// Name of a URI without its scheme, in lower case.
std::string uri_name(std::string_view uri) {
    drop(uri, "www.");
    uri = uri.substr(0, uri.find('|')); // version of a canonical reference
    while (uri.ends_with('/'))
        uri.remove_suffix(1);
    if (const auto system = system_of(uris, uri); !system.empty()) return std::string(system);
    if (uri.starts_with("snomed.info/sct/")) return "SNOMED"; // edition and version
    if (uri.starts_with("id.who.int/icd/release/11/")) return "ICD11";
    return letters_and_digits(uri);
}

bool all_digits(std::string_view text, std::size_t least, std::size_t most) noexcept {
    return text.size() >= least && text.size() <= most &&
           std::all_of(text.begin(), text.end(), is_digit);
}

std::optional<std::string> if_digits(std::string_view code, std::size_t least, std::size_t most) {
    if (!all_digits(code, least, most)) return std::nullopt;
    return std::string(code);
}

/// `code` without `prefix` and a colon in front of it, in any case.
std::string_view without_prefix(std::string_view code, std::string_view prefix) noexcept {
    if (code.size() <= prefix.size() || upper(code.substr(0, prefix.size())) != prefix) return code;
    code.remove_prefix(prefix.size());
    return code.front() == ':' ? code.substr(1) : code;
}

} // namespace

std::span<const CodeSystem> code_systems() noexcept { return known_systems; }

const CodeSystem* find_code_system(std::string_view name) noexcept {
    const auto at = std::find_if(known_systems.begin(), known_systems.end(),
                                 [&](const CodeSystem& s) { return s.name == name; });
    return at == known_systems.end() ? nullptr : &*at;
}

std::string normalise_system(std::string_view system) {
    const std::string folded = lower(trim(system));
    std::string_view rest = folded;
    if (drop(rest, "http://") || drop(rest, "https://")) return uri_name(rest);
    drop(rest, "urn:");
    drop(rest, "oid:");
    if (rest.empty()) return {};
    if (is_oid(rest)) {
        const auto known = system_of(oids, rest);
        return std::string(known.empty() ? rest : known);
    }
    const std::string name = letters_and_digits(rest);
    const auto known = system_of(short_names, name);
    return known.empty() ? name : std::string(known);
}

CodeSystemAliases CodeSystemAliases::parse(std::string_view written, std::string_view file) {
    CodeSystemAliases out;
    std::vector<Problem> problems;
    std::size_t number = 0;
    const auto refuse = [&](std::string what, std::string why, std::string help) {
        problems.push_back({.what = std::move(what),
                            .where = text(file, ", line ", number),
                            .why = std::move(why),
                            .help = std::move(help)});
    };
    bool header = false;
    for (const std::string_view line : split(written, '\n')) {
        ++number;
        const std::string_view row = trim(line);
        if (row.empty() || row.starts_with('#')) continue;
        const auto fields = split(row, '\t');
        if (!header) {
            header = true;
            if (fields.size() == 2 && trim(fields[0]) == "alias" && trim(fields[1]) == "system")
                continue;
            refuse("the header is not alias, system", "the first line names the two columns",
                   "write alias and system, separated by a tab, above the aliases");
        }
        const std::string name = fields.size() == 2 ? normalise_system(fields[1]) : std::string{};
        const std::string alias = lower(trim(fields[0]));
        if (name.empty() || alias.empty())
            refuse("this line has no alias and system", "a line is alias, tab, system",
                   "separate the two by one tab, for example urn:oid:1.2.3<tab>ICD10GM");
        else if (!out.systems_.emplace(alias, name).second)
            refuse("an alias is there twice", "it can mean one system only",
                   "remove one of the lines");
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
    return out;
}

CodeSystemAliases CodeSystemAliases::read(const std::filesystem::path& path) {
    return parse(read_text_file(path), path.string());
}

std::string CodeSystemAliases::name(std::string_view system) const {
    const auto at = systems_.find(lower(trim(system)));
    return at == systems_.end() ? normalise_system(system) : at->second;
}

std::optional<std::string> normalise_code(std::string_view system, std::string_view written) {
    const std::string_view code = trim(written);
    if (code.empty()) return std::nullopt;
    const CodeSystem* known = find_code_system(system);
    const std::string_view family = known != nullptr ? known->family : system;
    if (family == "ICD10") return normalise_icd10(code);
    if (family == "ICD9") return normalise_icd9(code);
    if (family == "ICD11") return normalise_icd11(code);
    if (family == "OPCS4") return normalise_opcs4(code);
    if (family == "READ") return normalise_read(code);
    if (family == "LOINC") {
        std::string out = upper(code);
        // Parts and answers have check digits of another kind.
        if (out.starts_with("LP") || out.starts_with("LA")) return out;
        return is_loinc(out) ? std::optional(std::move(out)) : std::nullopt;
    }
    if (family == "ATC") return is_atc(code) ? std::optional(upper(code)) : std::nullopt;
    if (family == "SNOMED")
        return is_snomed(code) ? std::optional(std::string(code)) : std::nullopt;
    if (family == "RXNORM") return if_digits(code, 1, 8);
    if (family == "CVX") {
        if (all_digits(code, 1, 1)) return text("0", code);
        return if_digits(code, 2, 3);
    }
    if (family == "HP") return if_digits(without_prefix(code, "HP"), 7, 7);
    if (family == "ORPHA") return if_digits(without_prefix(code, "ORPHA"), 1, 7);
    if (family == "OMIM") return if_digits(without_prefix(code, "OMIM"), 6, 6);
    return known != nullptr && known->upper_case ? upper(code) : std::string(code);
}

bool says_absent(std::string_view system, std::string_view code) noexcept {
    // No known allergy; the same by history of drugs, environment, food, latex; no current problems
    // or disability.
    constexpr std::array<std::string_view, 6> findings{"716186003", "409137002",  "428607008",
                                                       "429625007", "1003774007", "160245001"};
    const std::string_view form = trim(code);
    if (system == "SNOMED")
        return std::find(findings.begin(), findings.end(), form) != findings.end();
    if (system != "ABSENTUNKNOWN") return false;
    return form.starts_with("no-");
}

bool text_says_absent(std::string_view written) noexcept {
    constexpr std::string_view begin = "no known ";
    const std::string_view form = trim(written);
    const auto same = [](char wanted, char c) {
        return wanted == ' ' ? c == ' ' || c == '-'
                             : wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    };
    return form.size() > begin.size() && std::equal(begin.begin(), begin.end(), form.begin(), same);
}

} // namespace salus

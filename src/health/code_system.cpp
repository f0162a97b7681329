#include "health/code_system.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "health/code_form.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = upper(c);
    return out;
}

using S = CodeSystem;
constexpr std::array systems{
    S{"ABSENTUNKNOWN", "ABSENTUNKNOWN"},
    S{"ATC", "ATC", true, false, true},
    S{"CPT", "CPT"},
    S{"CVX", "CVX"},
    S{"DMD", "DMD"},
    S{"GTIN", "GTIN"},
    S{"HCPCS", "HCPCS"},
    S{"HP", "HP"},
    S{"ICD10", "ICD10", true, true, true},
    S{"ICD10AM", "ICD10", true, true, true},
    S{"ICD10CA", "ICD10", true, true, true},
    S{"ICD10CM", "ICD10", true, true, true},
    S{"ICD10FR", "ICD10", true, true, true},
    S{"ICD10GM", "ICD10", true, true, true},
    S{"ICD10NL", "ICD10", true, true, true},
    S{"ICD10PCS", "ICD10PCS", true, false, true},
    S{"ICD10SE", "ICD10", true, true, true},
    S{"ICD11", "ICD11", true, true, true},
    S{"ICD9", "ICD9", true, true, true},
    S{"ICD9CM", "ICD9", true, true, true},
    S{"ICD9PROC", "ICD9PROC", true, true, true},
    S{"ICDO3", "ICDO3", true, false, true},
    S{"ICPC", "ICPC", true, true, true},
    S{"LOCAL", "LOCAL"},
    S{"LOINC", "LOINC"},
    S{"NDC", "NDC"},
    S{"OMIM", "OMIM"},
    S{"OMOP", "OMOP"},
    S{"OPCS4", "OPCS4", true, true, true},
    S{"ORPHA", "ORPHA"},
    S{"PHECODE", "PHECODE"},
    S{"PHECODEX", "PHECODEX"},
    S{"PHPID", "PHPID"},
    S{"READ", "READ"},
    S{"READ2", "READ"},
    S{"READ3", "READ"},
    S{"RXNORM", "RXNORM"},
    S{"SNOMED", "SNOMED"},
    S{"UCUM", "UCUM"},
};

struct Alias {
    std::string_view written, system;
};

// Short names, reduced to letters and digits in upper case.
constexpr std::array short_names{
    Alias{"CIM10", "ICD10FR"},
    Alias{"CTV3", "READ3"},
    Alias{"DMPLUSD", "DMD"},
    Alias{"HPO", "HP"},
    Alias{"ICD103", "ICD10"},
    Alias{"ICD10DE", "ICD10GM"},
    Alias{"ICD10WHO", "ICD10"},
    Alias{"ICD11MMS", "ICD11"},
    Alias{"ICD9CMDX", "ICD9CM"},
    Alias{"ICD9WHO", "ICD9"},
    Alias{"ICPC1", "ICPC"},
    Alias{"ICPC1NL", "ICPC"},
    Alias{"ICPC2", "ICPC"},
    Alias{"KSH97P", "ICD10SE"},
    Alias{"LNC", "LOINC"},
    Alias{"ORDO", "ORPHA"},
    Alias{"ORPHANET", "ORPHA"},
    Alias{"OPCS", "OPCS4"},
    Alias{"PHECODE12", "PHECODE"},
    Alias{"PHEX", "PHECODEX"},
    Alias{"READV2", "READ2"},
    Alias{"READCODE", "READ"},
    Alias{"READCTV3", "READ3"},
    Alias{"RXCUI", "RXNORM"},
    Alias{"RXNORMEXTENSION", "RXNORM"},
    Alias{"SCT", "SNOMED"},
    Alias{"SNOMEDCT", "SNOMED"},
};

// OIDs without "urn:oid:".
constexpr std::array oids{
    Alias{"2.16.840.1.113883.6.96", "SNOMED"},
    Alias{"2.16.840.1.113883.6.1", "LOINC"},
    Alias{"2.16.840.1.113883.6.88", "RXNORM"},
    Alias{"2.16.840.1.113883.6.73", "ATC"},
    Alias{"2.16.840.1.113883.6.3", "ICD10"},
    Alias{"1.3.6.1.4.1.12559.11.10.1.3.1.44.2", "ICD10"}, // MyHealth@EU
    Alias{"2.16.840.1.113883.6.90", "ICD10CM"},
    Alias{"2.16.840.1.113883.6.4", "ICD10PCS"},
    Alias{"2.16.840.1.113883.6.135", "ICD10AM"},
    Alias{"2.16.840.1.113883.6.347", "ICD11"},
    Alias{"2.16.840.1.113883.6.103", "ICD9CM"},
    Alias{"2.16.840.1.113883.6.2", "ICD9CM"},
    Alias{"2.16.840.1.113883.6.104", "ICD9PROC"},
    Alias{"2.16.840.1.113883.6.42", "ICD9"},
    Alias{"2.16.840.1.113883.6.43.1", "ICDO3"},
    Alias{"2.16.840.1.113883.6.139", "ICPC"},
    Alias{"2.16.840.1.113883.6.140", "ICPC"},
    Alias{"2.16.840.1.113883.2.4.4.31.1", "ICPC"},
    Alias{"2.16.840.1.113883.12.292", "CVX"},
    Alias{"2.16.840.1.113883.6.8", "UCUM"},
    Alias{"2.16.840.1.113883.6.69", "NDC"},
    Alias{"2.16.840.1.113883.6.12", "CPT"},
    Alias{"2.16.840.1.113883.6.285", "HCPCS"},
    Alias{"2.16.840.1.113883.6.339", "HP"},
    Alias{"2.16.840.1.113883.6.174", "OMIM"},
    Alias{"1.3.6.1.4.1.12559.11.10.1.3.1.44.5", "ORPHA"},
    Alias{"1.3.160", "GTIN"},
    Alias{"2.16.840.1.113883.5.1150.1", "ABSENTUNKNOWN"},
};

// URIs in lower case without scheme and "www.".
constexpr std::array uris{
    Alias{"loinc.org", "LOINC"},
    Alias{"snomed.info/sct", "SNOMED"},
    Alias{"nlm.nih.gov/research/umls/rxnorm", "RXNORM"},
    Alias{"whocc.no/atc", "ATC"},
    Alias{"fhir.de/codesystem/bfarm/atc", "ATC"},
    Alias{"fhir.de/codesystem/dimdi/atc", "ATC"},
    Alias{"hl7.org/fhir/sid/icd-10", "ICD10"},
    Alias{"id.who.int/icd/release/10", "ICD10"},
    Alias{"hl7.org/fhir/sid/icd-10-cm", "ICD10CM"},
    Alias{"hl7.org/fhir/sid/icd-10-de", "ICD10GM"},
    Alias{"fhir.de/codesystem/bfarm/icd-10-gm", "ICD10GM"},
    Alias{"fhir.de/codesystem/dimdi/icd-10-gm", "ICD10GM"},
    Alias{"hl7.org/fhir/sid/icd-10-fr", "ICD10FR"},
    Alias{"smt.esante.gouv.fr/terminologie-cim-10", "ICD10FR"},
    Alias{"hl7.org/fhir/sid/icd-10-nl", "ICD10NL"},
    Alias{"hl7.org/fhir/sid/icd-10-ca", "ICD10CA"},
    Alias{"hl7.org/fhir/sid/icd-10-am", "ICD10AM"},
    Alias{"hl7.org/fhir/sid/icd-10-se", "ICD10SE"},
    Alias{"hl7.org/fhir/sid/icd-10-pcs", "ICD10PCS"},
    Alias{"cms.gov/medicare/coding/icd10", "ICD10PCS"},
    Alias{"id.who.int/icd11/mms", "ICD11"},
    Alias{"id.who.int/icd/release/11/mms", "ICD11"},
    Alias{"hl7.org/fhir/sid/icd-11", "ICD11"},
    Alias{"hl7.org/fhir/sid/icd-9-cm", "ICD9CM"},
    Alias{"hl7.org/fhir/sid/icd-9", "ICD9"},
    Alias{"terminology.hl7.org/codesystem/icd9cm", "ICD9CM"},
    Alias{"terminology.hl7.org/codesystem/icd-o-3", "ICDO3"},
    Alias{"hl7.org/fhir/sid/icpc-1", "ICPC"},
    Alias{"hl7.org/fhir/sid/icpc-1-nl", "ICPC"},
    Alias{"hl7.org/fhir/sid/icpc-2", "ICPC"},
    Alias{"hl7.org/fhir/sid/cvx", "CVX"},
    Alias{"hl7.org/fhir/sid/ndc", "NDC"},
    Alias{"ama-assn.org/go/cpt", "CPT"},
    Alias{"unitsofmeasure.org", "UCUM"},
    Alias{"orpha.net", "ORPHA"},
    Alias{"human-phenotype-ontology.org", "HP"},
    Alias{"purl.obolibrary.org/obo/hp.owl", "HP"},
    Alias{"omim.org", "OMIM"},
    Alias{"fhir.hl7.org.uk/id/opcs-4", "OPCS4"},
    Alias{"read.info/readv2", "READ2"},
    Alias{"read.info/ctv3", "READ3"},
    Alias{"dmd.nhs.uk", "DMD"},
    Alias{"gs1.org/gtin", "GTIN"},
    Alias{"who-umc.org/phpid", "PHPID"},
    Alias{"hl7.org/fhir/uv/ips/codesystem/absent-unknown-uv-ips", "ABSENTUNKNOWN"},
};

template <std::size_t N>
std::string_view system_of(const std::array<Alias, N>& table, std::string_view written) noexcept {
    const auto at = std::find_if(table.begin(), table.end(),
                                 [&](const Alias& alias) { return alias.written == written; });
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

std::span<const CodeSystem> code_systems() noexcept { return systems; }

const CodeSystem* find_code_system(std::string_view name) noexcept {
    const auto at = std::find_if(systems.begin(), systems.end(),
                                 [&](const CodeSystem& s) { return s.name == name; });
    return at == systems.end() ? nullptr : &*at;
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

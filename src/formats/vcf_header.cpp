#include "formats/vcf_header.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/genotype_reader.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

constexpr std::array<std::string_view, 9> fixed_columns{"#CHROM", "POS",    "ID",   "REF",   "ALT",
                                                        "QUAL",   "FILTER", "INFO", "FORMAT"};

/// Values of `<ID=DP,Number=1,Description="a, b">` by key; empty if it is not of this form.
std::map<std::string, std::string> structured_values(std::string_view text) {
    std::map<std::string, std::string> values;
    if (text.size() < 2 || text.front() != '<' || text.back() != '>') return values;
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) break;
        const std::string_view key = trim(text.substr(0, equals));
        text.remove_prefix(equals + 1);
        const bool quoted = text.starts_with('"');
        std::size_t end = quoted ? 1 : 0;
        while (end < text.size() && text[end] != (quoted ? '"' : ','))
            end += quoted && text[end] == '\\' ? 2U : 1U;
        end = std::min(end, text.size());
        values.emplace(key, text.substr(quoted ? 1 : 0, end - (quoted ? 1 : 0)));
        const std::size_t comma = text.find(',', end);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    }
    return values;
}

} // namespace

void VcfHeaderParser::fail(std::string what, std::string why) const {
    throw DataError({.what = std::move(what),
                     .where = text(path_.string(), ", header line ", lines_),
                     .why = std::move(why),
                     .help = "correct the header, e.g. with bcftools reheader"});
}

bool VcfHeaderParser::add(std::string_view line) {
    ++lines_;
    if (lines_ == 1) {
        if (line.starts_with("\xEF\xBB\xBF"))
            fail("the file begins with a byte order mark", "VCF is UTF-8 without one");
        if (!line.starts_with("##fileformat=VCFv4."))
            fail("this is not a VCF file", "the first line must be ##fileformat=VCFv4.x");
        return false;
    }
    if (line.starts_with("##")) {
        add_meta(line.substr(2));
        return false;
    }
    if (!line.starts_with("#CHROM"))
        fail("the #CHROM line is missing", "it must stand before the first record");
    add_columns(line);
    return true;
}

void VcfHeaderParser::add_meta(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        fail("a header line has no '='", "it must be ##key=value");
    const std::string_view key = line.substr(0, equals);
    const bool contig = key == "contig";
    if (!contig && key != "INFO" && key != "FORMAT" && key != "FILTER") return;
    const auto values = structured_values(line.substr(equals + 1));
    const auto id = values.find("ID");
    if (id == values.end() || id->second.empty())
        fail(text("a ", key, " line has no ID"), "it must be ##" + std::string(key) + "=<ID=...>");
    std::optional<std::uint64_t> index;
    if (const auto idx = values.find("IDX"); idx != values.end()) {
        const auto number = parse_integer(idx->second);
        if (!number || *number < 0 || *number > 1 << 24)
            fail("IDX is not a number", "it is the index of the name in BCF records");
        index = static_cast<std::uint64_t>(*number);
    }
    add_name(contig ? header_.contigs : header_.strings, id->second, index);
    if (key == "FORMAT") header_.formats.insert(id->second);
    if (key == "INFO") {
        const auto number = values.find("Number");
        header_.info_number.emplace(id->second, number == values.end() ? "." : number->second);
    }
}

void VcfHeaderParser::add_name(std::vector<std::string>& names, std::string name,
                               std::optional<std::uint64_t> index) {
    const bool fresh =
        named_.insert(text(&names == &header_.contigs ? "contig " : "", name)).second;
    if (!index) {
        if (fresh) names.push_back(std::move(name));
        return;
    }
    if (*index >= names.size()) names.resize(*index + 1);
    if (!names[*index].empty() && names[*index] != name)
        fail("two names have the same IDX", "an IDX stands for one name");
    names[*index] = std::move(name);
}

void VcfHeaderParser::add_columns(std::string_view line) {
    const auto columns = split(line, '\t');
    for (std::size_t i = 0; i < std::min(columns.size(), fixed_columns.size()); ++i)
        if (columns[i] != fixed_columns[i])
            fail(text("column ", i + 1, " of the #CHROM line is not ", fixed_columns[i]),
                 "columns are separated by single tabs, in the order of the VCF specification");
    if (columns.size() < fixed_columns.size() + 1)
        fail("the file holds no samples",
             "a cohort needs genotypes: FORMAT and at least one sample column");
    for (std::size_t i = fixed_columns.size(); i < columns.size(); ++i)
        header_.samples.emplace_back(columns[i]);
    check_samples(header_.samples, path_);
}

} // namespace salus

#include "formats/summary_statistics.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

namespace salus {
namespace {

bool is_missing(std::string_view cell) noexcept {
    constexpr std::string_view words[] = {"", "NA", "#NA", "NaN", "nan", ".", "-nan", "NULL"};
    return std::find(std::begin(words), std::end(words), cell) != std::end(words);
}

/// The line `key: value` of simple YAML, without quotes.
std::string yaml_value(std::string_view yaml, std::string_view key) {
    for (std::string_view line : split(yaml, '\n')) {
        if (!line.starts_with(key) || !line.substr(key.size()).starts_with(":")) continue;
        line = trim(line.substr(key.size() + 1));
        if (line.size() > 1 && (line.front() == '"' || line.front() == '\'') &&
            line.back() == line.front())
            line = line.substr(1, line.size() - 2);
        return std::string(line);
    }
    return {};
}

/// The genome build that the GWAS-SSF metadata beside a text file names.
std::string build_beside(const std::filesystem::path& path) {
    std::filesystem::path metadata = path;
    metadata += "-meta.yaml";
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(metadata, ignored)) return {};
    const std::string build = yaml_value(read_text_file(metadata), "genome_assembly");
    return lower(build) == "unknown" ? std::string() : build;
}

} // namespace

bool is_hdf5_file(const std::filesystem::path& path) {
    InputFile file(path);
    std::array<std::byte, 4> magic{};
    return file.read(magic) == 4 && magic[0] == std::byte{0x89} && magic[1] == std::byte{'H'} &&
           magic[2] == std::byte{'D'} && magic[3] == std::byte{'F'};
}

// Where two columns of a file have the same meaning, the name that comes first here is read.
const SummaryStatistics::Name SummaryStatistics::names[] = {
    {"chromosome", chromosome},
    {"#chrom", chromosome},
    {"chrom", chromosome},
    {"chr", chromosome},
    {"#chr", chromosome},
    {"base_pair_location", position},
    {"genpos", position},
    {"pos", position},
    {"bp", position},
    {"rsid", rsid},
    {"variant_id", variant_id},
    {"id", variant_id},
    {"snp", variant_id},
    {"snpid", variant_id},
    {"markername", variant_id},
    {"effect_allele", effect_allele},
    {"allele1", effect_allele},
    {"a1", effect_allele},
    {"other_allele", other_allele},
    {"allele0", other_allele},
    {"omitted", other_allele},
    {"a2", other_allele},
    {"ref", reference_allele},
    {"alt", alternative_allele},
    {"effect_allele_frequency", frequency},
    {"a1freq", frequency},
    {"a1_freq", frequency},
    {"eaf", frequency},
    {"n", sample_size},
    {"obs_ct", sample_size},
    {"beta", beta},
    {"odds_ratio", odds_ratio},
    {"or", odds_ratio},
    {"hazard_ratio", hazard_ratio},
    {"z", z_score},
    {"z_score", z_score},
    {"z-score", z_score},
    {"zscore", z_score},
    {"z_stat", z_score},
    {"standard_error", standard_error},
    {"se", standard_error},
    {"log(or)_se", standard_error},
    {"neg_log_10_p_value", neg_log10_p},
    {"neg_log10_p", neg_log10_p},
    {"neg_log10_p_value", neg_log10_p},
    {"log10p", neg_log10_p},
    {"log10_p", neg_log10_p},
    {"p_value", p_value},
    {"p", p_value},
    {"pval", p_value},
    {"test", test},
};

SummaryStatistics::SummaryStatistics(const std::filesystem::path& path, const std::string& trait)
    : path_(path) {
    if (is_hdf5_file(path)) {
        stored_ = std::make_unique<AssociationRows>(path, trait);
        genome_build_ = stored_->genome_build();
        return;
    }
    if (!trait.empty())
        throw DataError({.what = text("trait '", trait, "' is asked of a text file"),
                         .where = path.string(),
                         .why = "text holds the statistics of one trait and does not name it",
                         .help = "leave the trait of this file empty"});
    text_ = std::make_unique<TextRows>(path);
    genome_build_ = build_beside(path);
    find_columns();
}

void SummaryStatistics::find_columns() {
    const auto& header = text_->header();
    for (const auto& [name, role] : names)
        for (std::size_t c = 0; c < header.size(); ++c)
            if (!column_[role] && lower(header[c]) == name) column_[role] = c;
    std::vector<Problem> problems;
    const auto need = [&](bool good, std::string what, std::string why) {
        if (good) return;
        problems.push_back(
            {.what = std::move(what),
             .where = text_->where(),
             .why = std::move(why),
             .help = "name columns as GWAS-SSF, regenie, plink2 or LDSC do; the file has: " +
                     join(header, ", ")});
    };
    need(has(effect_allele), "no column tells the effect allele",
         "it is named effect_allele, ALLELE1 (with ALLELE0) or A1");
    need(has(other_allele) || (has(reference_allele) && has(alternative_allele)),
         "no column tells the other allele",
         "it is named other_allele, ALLELE0, OMITTED or A2, or is one of REF and ALT");
    const bool effect = has(beta) || has(odds_ratio) || has(hazard_ratio);
    need(has(z_score) || (effect && (has(standard_error) || has(p_value) || has(neg_log10_p))),
         "no columns tell the effect and how sure it is",
         "that is an effect (beta, odds_ratio, hazard_ratio) with standard_error or a p-value, or "
         "a z-score");
    if (!problems.empty()) throw DataError(std::move(problems));
}

bool SummaryStatistics::has_positions() const noexcept {
    return stored_ || (has(chromosome) && has(position));
}

bool SummaryStatistics::has_frequencies() const noexcept {
    return stored_ ? stored_->has("effect_allele_frequency") : has(frequency);
}

bool SummaryStatistics::has_sample_sizes() const noexcept {
    return stored_ ? stored_->has("n") : has(sample_size);
}

std::string SummaryStatistics::where(std::string_view column) const {
    return stored_ ? stored_->where(column) : text_->where(column);
}

bool SummaryStatistics::next(SummaryRow& row) {
    if (!(stored_ ? stored_->next(row) : next_text(row))) return false;
    const bool ssf =
        text_ && has(chromosome) && text_->header()[*column_[chromosome]] == "chromosome";
    row.chromosome_code = chromosome_code(row.chromosome, ssf).value_or(0);
    return true;
}

bool SummaryStatistics::next_text(SummaryRow& row) {
    do {
        if (!text_->next()) return false;
        if (!has(test) || cell(test) == "ADD") break;
        ++other_tests_;
    } while (true);
    row.chromosome = has(chromosome) ? cell(chromosome) : std::string_view();
    const double place = limited(position, 0, std::numeric_limits<std::uint32_t>::max());
    if (!std::isnan(place) && place != std::floor(place))
        refuse(position, "the position is no whole number", "positions count bases");
    row.position = std::isnan(place) ? 0 : static_cast<std::uint32_t>(place);
    row.variant_id.clear();
    for (const Role role : {rsid, variant_id})
        if (row.variant_id.empty() && has(role) && !is_missing(cell(role)))
            row.variant_id = cell(role);
    read_alleles(row);
    row.effect_allele_frequency = limited(frequency, 0, 1);
    row.n = limited(sample_size, 0, 1e15);
    read_effect(row);
    read_significance(row);
    return true;
}

std::string_view SummaryStatistics::cell(Role role) const { return text_->cells()[*column_[role]]; }

double SummaryStatistics::number(Role role) const {
    if (!has(role) || is_missing(cell(role))) return SummaryRow::none;
    const auto value = parse_double(cell(role));
    if (!value) refuse(role, "the cell is no number", "numbers, NA and empty cells are read");
    return *value;
}

double SummaryStatistics::limited(Role role, double least, double most) const {
    const double value = number(role);
    if (value < least || value > most)
        refuse(role, text(value, " cannot be"), text("it must lie between ", least, " and ", most));
    return value;
}

void SummaryStatistics::read_alleles(SummaryRow& row) const {
    const auto allele = [&](Role role) {
        return is_missing(cell(role)) ? std::string() : upper(cell(role));
    };
    row.effect_allele = allele(effect_allele);
    if (has(other_allele)) {
        row.other_allele = allele(other_allele);
        return;
    }
    const std::string reference = allele(reference_allele);
    row.other_allele = row.effect_allele == reference ? allele(alternative_allele) : reference;
}

void SummaryStatistics::read_effect(SummaryRow& row) const {
    row.beta = number(beta);
    for (const Role ratio : {odds_ratio, hazard_ratio})
        if (std::isnan(row.beta) && has(ratio))
            row.beta = std::log(limited(ratio, 0, std::numeric_limits<double>::infinity()));
    row.standard_error = number(standard_error);
    row.z = number(z_score);
}

void SummaryStatistics::read_significance(SummaryRow& row) const {
    row.neg_log10_p = limited(neg_log10_p, 0, std::numeric_limits<double>::infinity());
    if (std::isnan(row.neg_log10_p) && has(p_value) && !is_missing(cell(p_value))) {
        const auto printed = neg_log10_of_printed(cell(p_value));
        if (!printed) refuse(p_value, "the cell is no p-value", "it is a number between 0 and 1");
        row.neg_log10_p = *printed;
    }
    row.p_is_zero = std::isinf(row.neg_log10_p);
    if (row.p_is_zero) row.neg_log10_p = SummaryRow::none;
}

void SummaryStatistics::refuse(Role role, std::string what, std::string why) const {
    throw DataError({.what = std::move(what),
                     .where = where(text_->header()[*column_[role]]),
                     .why = std::move(why),
                     .help = "correct the file, or write NA where the value is unknown"});
}

std::optional<double> neg_log10_of_printed(std::string_view p) noexcept {
    const std::size_t mark = p.find_first_of("eE");
    const auto mantissa = parse_double(p.substr(0, mark));
    if (!mantissa || !(*mantissa >= 0)) return std::nullopt;
    std::int64_t exponent = 0;
    if (mark != std::string_view::npos) {
        std::string_view digits = p.substr(mark + 1);
        if (digits.starts_with('+')) digits.remove_prefix(1);
        const auto whole = parse_integer(digits);
        if (!whole) return std::nullopt;
        exponent = *whole;
    }
    if (*mantissa == 0) return std::numeric_limits<double>::infinity();
    const double value = -std::log10(*mantissa) - static_cast<double>(exponent);
    if (value < -1e-12) return std::nullopt;
    return std::max(value, 0.0);
}

std::optional<int> chromosome_code(std::string_view name, bool ssf) noexcept {
    if (name.size() > 3 && (name[0] | 32) == 'c' && (name[1] | 32) == 'h' && (name[2] | 32) == 'r')
        name.remove_prefix(3);
    if (const auto number = parse_integer(name)) {
        if (*number >= 1 && *number <= 24) return static_cast<int>(*number);
        if (*number == 25) return ssf ? 25 : 23;
        if (*number == 26) return 25;
        return std::nullopt;
    }
    constexpr std::pair<std::string_view, int> letters[] = {
        {"X", 23},  {"x", 23}, {"Y", 24}, {"y", 24},  {"MT", 25},   {"mt", 25},
        {"Mt", 25}, {"M", 25}, {"m", 25}, {"XY", 23}, {"PAR1", 23}, {"PAR2", 23}};
    for (const auto& [text, code] : letters)
        if (name == text) return code;
    return std::nullopt;
}

std::string chromosome_name(int code) {
    if (code == 23) return "X";
    if (code == 24) return "Y";
    if (code == 25) return "MT";
    return text(code);
}

} // namespace salus

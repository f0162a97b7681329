#include "formats/score_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace salus {
namespace {

/// Names of columns, the better one first.
const std::vector<std::string> role_names[] = {
    {"hm_rsid", "rsid", "rs_id", "id", "#id", "snp", "snpid", "variant_id", "markername", "variant",
     "varid"},
    {"hm_chr", "chr_name", "chromosome", "chrom", "#chrom", "chr", "#chr"},
    {"hm_pos", "chr_position", "base_pair_location", "position", "pos", "bp"},
    {"effect_allele", "a1", "ea", "allele1", "allele"},
    {"other_allele", "hm_inferotherallele", "reference_allele", "a2", "oa", "nea", "allele0"},
    {"allelefrequency_effect", "effect_allele_frequency", "eaf", "a1_freq"},
};
const std::vector<std::string> weight_names = {"effect_weight", "weight", "beta", "score"};
/// Columns of PGS Catalog files and of association results that are no weights.
const std::vector<std::string> annotations = {"locus_name",
                                              "hm_source",
                                              "hm_match_chr",
                                              "hm_match_pos",
                                              "weight_type",
                                              "or",
                                              "hr",
                                              "odds_ratio",
                                              "hazard_ratio",
                                              "variant_description",
                                              "inclusion_criteria",
                                              "imputation_method",
                                              "is_haplotype",
                                              "is_diplotype",
                                              "is_interaction",
                                              "is_dominant",
                                              "is_recessive",
                                              "dosage_0_weight",
                                              "dosage_1_weight",
                                              "dosage_2_weight",
                                              "effect_type",
                                              "ref",
                                              "alt",
                                              "p",
                                              "p_value",
                                              "neg_log10_p",
                                              "se",
                                              "standard_error",
                                              "n",
                                              "variant_type",
                                              "allelefrequency_effect_european"};
const std::vector<std::string> exclusive_flags = {"is_haplotype", "is_diplotype", "is_interaction",
                                                  "is_dominant", "is_recessive"};

std::optional<std::size_t> find(std::span<const std::string> header, std::string_view name) {
    for (std::size_t c = 0; c < header.size(); ++c)
        if (lower(trim(header[c])) == name) return c;
    return {};
}

bool contains(std::span<const std::string> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_blank(std::string_view cell) {
    return cell.empty() || cell == "." || cell == "NA" || cell == "nan" || cell == "NaN";
}

std::string stem(const std::filesystem::path& path) {
    const std::string file = path.filename().string();
    return file.substr(0, file.find('.', 1));
}

template <class T>
std::vector<T> slice(const std::vector<T>& all, const ScoreSource& source) {
    const std::size_t begin = std::min(all.size(), source.first_column),
                      count = std::min(all.size() - begin, source.columns_max);
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

[[noreturn]] void refuse_columns(const std::filesystem::path& path, std::string what,
                                 std::span<const std::string> header) {
    std::vector<std::string> names(header.begin(), header.end());
    throw DataError(
        {.what = std::move(what),
         .where = path.string(),
         .why = text("a file of weights names a variant, its effect allele and a weight; "
                     "its columns are: ",
                     join(names, ", ")),
         .help = "name columns as in PGS Catalog files (rsID or chr_name and "
                 "chr_position, effect_allele, effect_weight), or give weight_columns"});
}

} // namespace

std::vector<ScoreSource> list_score_sources(std::span<const std::filesystem::path> inputs) {
    std::vector<std::filesystem::path> files;
    for (const auto& input : inputs) {
        std::error_code error;
        if (!std::filesystem::is_directory(input, error)) {
            files.push_back(input);
            continue;
        }
        std::vector<std::filesystem::path> inside;
        for (const auto& entry : std::filesystem::directory_iterator(input))
            if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
                inside.push_back(entry.path());
        std::sort(inside.begin(), inside.end());
        files.insert(files.end(), inside.begin(), inside.end());
    }
    std::vector<ScoreSource> sources;
    for (const auto& path : files) {
        if (!is_hdf5_file(path)) {
            sources.push_back({.path = path, .table = {}});
            continue;
        }
        for (const std::string& table : weight_tables(path))
            sources.push_back({.path = path, .table = table});
    }
    if (sources.empty())
        throw DataError({.what = "there is no file of weights",
                         .where = inputs.empty() ? std::string() : inputs.front().string(),
                         .why = "a folder stands for the files in it",
                         .help = {}});
    return sources;
}

std::vector<ScoreSource> split_columns(std::span<const ScoreSource> sources,
                                       std::span<const std::uint64_t> columns,
                                       std::size_t columns_max) {
    std::vector<ScoreSource> parts;
    for (std::size_t s = 0; s < sources.size(); ++s)
        for (std::size_t first = 0; first < columns[s]; first += columns_max) {
            parts.push_back(sources[s]);
            parts.back().first_column = first;
            parts.back().columns_max = columns_max;
        }
    return parts;
}

ScoreFile::ScoreFile(const ScoreSource& source, std::span<const std::string> wanted)
    : path_(source.path), table_(source.table) {
    if (table_.empty()) {
        open_text(wanted);
        columns_ = slice(columns_, source);
        weights_ = slice(weights_, source);
    } else {
        open_table(source, wanted);
    }
}

void ScoreFile::open_text(std::span<const std::string> wanted) {
    std::map<std::string, std::string> notes;
    text_ = std::make_unique<TextRows>(path_, notes);
    const auto note = [&](const char* key) {
        const auto found = notes.find(key);
        return found == notes.end() || found->second == "NR" ? std::string() : found->second;
    };
    name_ = note("pgs_id").empty() ? stem(path_) : note("pgs_id");
    find_roles();
    const bool harmonised = find(text_->header(), "hm_pos").has_value();
    const std::string build = harmonised ? note("HmPOS_build") : note("genome_build");
    genome_build_ = build == "hg19" ? "GRCh37" : build == "hg38" ? "GRCh38" : build;
    find_weights(wanted);
    for (const std::string& flag : exclusive_flags)
        if (const auto column = find(text_->header(), flag)) flags_.push_back(*column);
}

void ScoreFile::find_roles() {
    const auto& header = text_->header();
    for (std::size_t r = 0; r < roles; ++r)
        for (const std::string& name : role_names[r])
            if (!role_[r]) role_[r] = find(header, name);
    if (!role_[effect] && !role_[id] && header.size() >= 3 && parse_double(header[2])) {
        header_is_row_ = true; // identifier, allele, weights: as plink2 reads them
        role_[id] = 0;
        role_[effect] = 1;
    }
    if (!role_[effect]) refuse_columns(path_, "there is no column of the effect allele", header);
    if (!role_[id] && !(role_[chr] && role_[pos]))
        refuse_columns(path_, "there is neither an identifier nor a position of variants", header);
}

void ScoreFile::find_weights(std::span<const std::string> wanted) {
    const auto& header = text_->header();
    for (const std::string& name : wanted) {
        const auto column = find(header, lower(name));
        if (!column) refuse_columns(path_, text("there is no column '", name, "'"), header);
        weights_.push_back(*column);
        columns_.push_back(header[*column]);
    }
    if (!weights_.empty()) return;
    for (const std::string& name : weight_names) {
        const auto column = find(header, name);
        if (!column || header_is_row_) continue;
        weights_.push_back(*column);
        columns_.emplace_back();
        return;
    }
    for (std::size_t c = *role_[effect] + 1; c < header.size(); ++c) {
        const bool known = contains(annotations, lower(header[c])) ||
                           std::find(role_.begin(), role_.end(), std::optional(c)) != role_.end();
        if (known && !header_is_row_) continue;
        weights_.push_back(c);
        columns_.push_back(header_is_row_ ? text("weight", c - 1) : header[c]);
    }
    if (weights_.empty()) refuse_columns(path_, "there is no column of weights", header);
    if (weights_.size() == 1 && header_is_row_) columns_.front().clear();
}

void ScoreFile::open_table(const ScoreSource& source, std::span<const std::string> wanted) {
    stored_ = std::make_unique<WeightRows>(path_, table_, wanted);
    const auto kept = slice(stored_->columns(), source);
    if (kept.size() < stored_->columns().size())
        stored_ = std::make_unique<WeightRows>(path_, table_, kept);
    genome_build_ = stored_->genome_build();
    name_ = table_.substr(table_.rfind('/') + 1);
    columns_ = stored_->columns();
}

std::string_view ScoreFile::cell(Role role) const {
    if (!role_[role]) return {};
    const std::string_view value = header_is_row_ && at_ == 1
                                       ? std::string_view(text_->header()[*role_[role]])
                                       : text_->cells()[*role_[role]];
    return is_blank(trim(value)) ? std::string_view() : trim(value);
}

double ScoreFile::number(std::size_t column) const {
    const std::string_view cell = header_is_row_ && at_ == 1
                                      ? std::string_view(text_->header()[column])
                                      : text_->cells()[column];
    const auto value = parse_double(trim(cell));
    if (!value || !std::isfinite(*value))
        throw DataError(
            {.what = text("'", std::string(cell), "' is no number"),
             .where = text_->where(text_->header()[column]),
             .why = "a weight is a finite number",
             .help = "remove the row, or name the columns of weights in weight_columns"});
    return *value;
}

bool ScoreFile::is_supported() const {
    return std::none_of(flags_.begin(), flags_.end(), [&](std::size_t column) {
        const std::string value = lower(trim(text_->cells()[column]));
        return value == "true" || value == "1" || value == "yes";
    });
}

bool ScoreFile::next(ScoreEntry& entry) { return text_ ? next_text(entry) : next_stored(entry); }

bool ScoreFile::next_text(ScoreEntry& entry) {
    if (!(header_is_row_ && at_ == 0) && !text_->next()) return false;
    ++at_;
    entry.id = cell(id);
    entry.chromosome = chromosome_code(cell(chr)).value_or(0);
    entry.position = 0;
    if (const std::string_view place = cell(pos); !place.empty()) {
        const auto value = parse_double(place); // 1e+06 is written by some programs
        if (!value || *value < 0 || *value > 4294967295.0 || *value != std::floor(*value))
            throw DataError({.what = text("'", std::string(place), "' is no position"),
                             .where = text_->where(text_->header()[*role_[pos]]),
                             .why = "positions are whole numbers",
                             .help = {}});
        entry.position = static_cast<std::uint32_t>(*value);
    }
    entry.effect_allele = upper(cell(effect));
    entry.other_allele = upper(cell(other));
    // The other allele may be inferred as several, "A/C": then it is not known.
    if (entry.other_allele.find('/') != std::string::npos) entry.other_allele.clear();
    entry.effect_allele_frequency = std::numeric_limits<double>::quiet_NaN();
    if (const auto f = parse_double(cell(frequency)); f && *f >= 0 && *f <= 1)
        entry.effect_allele_frequency = *f;
    entry.supported = is_supported();
    entry.weights.resize(weights_.size());
    for (std::size_t c = 0; c < weights_.size(); ++c)
        entry.weights[c] = entry.supported ? number(weights_[c]) : 0;
    return true;
}

bool ScoreFile::next_stored(ScoreEntry& entry) {
    if (!stored_->next(row_)) return false;
    entry.chromosome = chromosome_code(row_.chromosome).value_or(0);
    entry.position = row_.position;
    entry.id = row_.id;
    entry.effect_allele = row_.effect_allele;
    entry.other_allele = row_.other_allele;
    entry.effect_allele_frequency = std::numeric_limits<double>::quiet_NaN();
    entry.supported = true;
    entry.weights = row_.weights;
    return true;
}

} // namespace salus

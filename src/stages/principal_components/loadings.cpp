#include "stages/principal_components/loadings.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"

namespace salus::components {
namespace {

std::string key_of(std::string_view chromosome, std::uint32_t position, std::string_view ref,
                   std::string_view alt) {
    return text(plain_chromosome(chromosome), ':', position, ':', ref, ':', alt);
}

} // namespace

std::string_view plain_chromosome(std::string_view chromosome) noexcept {
    if (chromosome.size() > 3 && (chromosome[0] == 'c' || chromosome[0] == 'C') &&
        (chromosome[1] == 'h' || chromosome[1] == 'H') &&
        (chromosome[2] == 'r' || chromosome[2] == 'R'))
        return chromosome.substr(3);
    return chromosome;
}

Loadings::Loadings(const std::filesystem::path& path)
    : eigenvalues_(H5File::open(path).read("eigenvalues")),
      table_(H5File::open(path).read("loadings")) {
    build_ = H5File::open(path).text_attribute("/", "genome_build").value_or("");
    const auto& chromosome = table_.column<std::string>("chromosome");
    const auto& position = table_.column<std::uint32_t>("base_pair_location");
    const auto& ref = table_.column<std::string>("other_allele");
    const auto& alt = table_.column<std::string>("effect_allele");
    scale_ = table_.column<double>("scale");
    for (const double f : table_.column<double>("alt_frequency"))
        centre_.push_back(2 * f);
    for (std::size_t k = 1; table_.has(text("pc", k)); ++k)
        weights_.push_back(table_.column<double>(text("pc", k)));
    if (weights_.size() != eigenvalues_.rows() || weights_.empty())
        throw DataError({.what = "eigenvalues and loadings are of different numbers of components",
                         .where = path.string(),
                         .why = "each component has an eigenvalue and a column of loadings",
                         .help = "make the components again"});
    for (std::size_t row = 0; row < chromosome.size(); ++row) {
        const auto key = key_of(chromosome[row], position[row], ref[row], alt[row]);
        if (!rows_.emplace(key, row).second)
            throw DataError(
                {.what = text("variant ", key, " has two rows of loadings"),
                 .where = path.string(),
                 .why = "variants are matched by position and alleles",
                 .help = "make the components from genotypes without repeated variants"});
    }
}

std::optional<Loadings::Match> Loadings::find(const Variant& v) const {
    if (v.ref.size() > long_text_bytes || v.alt.size() > long_text_bytes) return std::nullopt;
    if (const auto at = rows_.find(key_of(v.chromosome, v.position, v.ref, v.alt));
        at != rows_.end())
        return Match{at->second, false};
    if (const auto at = rows_.find(key_of(v.chromosome, v.position, v.alt, v.ref));
        at != rows_.end())
        return Match{at->second, true};
    return std::nullopt;
}

} // namespace salus::components

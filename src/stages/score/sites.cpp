#include "stages/score/sites.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace salus::score {
namespace {

constexpr std::uint64_t top = std::uint64_t{1} << 63;
constexpr std::uint64_t rows_at_once = 65536;

/// How the entries of a file find their variants.
bool by_position(const ScoreParams& params, const ScoreFile& file, const ScoreSource& source,
                 const std::string& build) {
    const bool other_build =
        !file.genome_build().empty() && !build.empty() && file.genome_build() != build;
    if (params.match_by == "id" ||
        (params.match_by == "auto" && (other_build || !file.has_positions()))) {
        if (file.has_ids()) return false;
        throw DataError(
            {.what = other_build ? text("positions of the file are of ", file.genome_build(),
                                        ", those of the genotypes of ", build)
                                 : "the file has no identifiers of variants",
             .where = source.path.string(),
             .why = "an entry is found by its position on the same genome build, or by identifier",
             .help = "take the file harmonised to the build of the genotypes (columns hm_chr and "
                     "hm_pos)"});
    }
    if (other_build || !file.has_positions())
        throw DataError({.what = other_build
                                     ? text("positions of the file are of ", file.genome_build(),
                                            ", those of the genotypes of ", build)
                                     : "the file has no positions of variants",
                         .where = source.path.string(),
                         .why = "match_by = \"position\" compares chromosome and position",
                         .help = "take the harmonised file, or match_by = \"id\""});
    return true;
}

void write_set(const ScoreParams& params, const ScoreSource& source, const std::string& build,
               PartWriter& part) {
    ScoreFile file(source, params.weight_columns);
    const bool positions = by_position(params, file, source, build);
    std::vector<std::uint64_t> key, effect, other;
    std::vector<std::uint8_t> flags;
    std::vector<double> weights;
    ScoreEntry entry;
    while (file.next(entry)) {
        const bool placed = positions && entry.chromosome != 0 && entry.position != 0;
        key.push_back(placed             ? position_key(entry.chromosome, entry.position)
                      : entry.id.empty() ? 0
                                         : identifier_key(entry.id));
        effect.push_back(allele_code(entry.effect_allele));
        other.push_back(allele_code(entry.other_allele));
        flags.push_back(entry.supported ? 1 : 0);
        weights.insert(weights.end(), entry.weights.begin(), entry.weights.end());
    }
    if (key.empty())
        throw DataError({.what = "the file has no entries",
                         .where = source.path.string(),
                         .why = "a score needs at least one variant",
                         .help = {}});
    TableData names({.name = "columns",
                     .row = "weight_column",
                     .doc = {},
                     .columns = {{"title", ColumnType::text, "", ""},
                                 {"build", ColumnType::text, "", ""},
                                 {"column", ColumnType::text, "", ""}}});
    for (const std::string& column : file.columns()) {
        names.column<std::string>("title").push_back(file.name());
        names.column<std::string>("build").push_back(file.genome_build());
        names.column<std::string>("column").push_back(column);
    }
    part.write(names);
    const std::uint8_t strand[1] = {file.same_strand() ? std::uint8_t{1} : std::uint8_t{0}};
    part.write_array<std::uint64_t>("key", key, {}, Compression::none);
    part.write_array<std::uint64_t>("effect", effect, {}, Compression::none);
    part.write_array<std::uint64_t>("other", other, {}, Compression::none);
    part.write_array<std::uint8_t>("supported", flags, {}, Compression::none);
    part.write_array<double>("weights", weights, {}, Compression::none);
    part.write_array<std::uint8_t>("same_strand", strand, {}, Compression::none);
}

/// A name that can be a column of a table and of text.
std::string column_name(std::string name) {
    for (char& c : name)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '-' || c == '.' || c == '+'))
            c = '_';
    return name.empty() || name == "sample_id" || name == "sample" ? name + "_" : name;
}

/// Names of all scores: of its file where a file has one, else of the column if no other has it.
void name_scores(ScoreSets& sets) {
    std::map<std::string, int> uses;
    for (const auto& names : sets.names)
        for (const std::string& name : names)
            ++uses[name];
    std::set<std::string> taken;
    for (std::size_t s = 0; s < sets.names.size(); ++s)
        for (std::string& name : sets.names[s]) {
            if (name.empty())
                name = sets.title[s];
            else if (uses[name] > 1)
                name = sets.title[s] + "." + name;
            name = column_name(name);
            const std::string plain = name;
            for (int k = 2; !taken.insert(name).second; ++k)
                name = text(plain, "_", k);
        }
}

SiteKind kind_of(const std::string& build, const Variant& variant) {
    if (is_pseudo_autosomal(build, variant.chromosome, variant.position))
        return SiteKind::autosomal;
    switch (inheritance_of(variant.chromosome)) {
    case Inheritance::x_linked:
        return SiteKind::x_linked;
    case Inheritance::y_linked:
    case Inheritance::mitochondrial:
        return SiteKind::haploid;
    case Inheritance::autosomal:
        break;
    }
    return SiteKind::autosomal;
}

/// Keys by which a variant may be asked for; an identifier may be a list.
void keys_of(const Variant& variant, std::vector<std::uint64_t>& keys) {
    keys.clear();
    if (const auto code = chromosome_code(variant.chromosome))
        keys.push_back(position_key(*code, variant.position));
    for (const std::string_view id : split(variant.id, ';'))
        if (!id.empty()) keys.push_back(identifier_key(id));
}

/// A bit for the hash of each wanted key, so that most variants are passed over at once.
class KeyFilter {
public:
    explicit KeyFilter(std::span<const std::uint64_t> wanted) : wanted_(wanted) {
        std::size_t bits = 1024;
        while (bits < 16 * wanted.size())
            bits *= 2;
        bits_.assign(bits, false);
        for (const std::uint64_t key : wanted)
            bits_[place(key)] = true;
    }
    bool contains(std::uint64_t key) const {
        return bits_[place(key)] && std::binary_search(wanted_.begin(), wanted_.end(), key);
    }

private:
    std::size_t place(std::uint64_t key) const noexcept {
        return static_cast<std::size_t>(key * 0x9E3779B97F4A7C15u >> 20) & (bits_.size() - 1);
    }
    std::span<const std::uint64_t> wanted_;
    std::vector<bool> bits_;
};

void write_sites(const GenotypeSource& genotypes, VariantRange range, const KeyFilter& wanted,
                 PartWriter& part) {
    std::vector<std::uint64_t> key, row, ref, alt, keys;
    std::vector<std::uint8_t> kind;
    for (std::uint64_t begin = range.begin; begin < range.end; begin += rows_at_once) {
        const auto variants =
            genotypes.variants({begin, std::min(range.end, begin + rows_at_once)});
        for (std::size_t v = 0; v < variants.size(); ++v) {
            keys_of(variants[v], keys);
            for (const std::uint64_t k : keys) {
                if (!wanted.contains(k)) continue;
                key.push_back(k);
                row.push_back(begin + v);
                ref.push_back(allele_code(variants[v].ref));
                alt.push_back(allele_code(variants[v].alt));
                kind.push_back(
                    static_cast<std::uint8_t>(kind_of(genotypes.genome_build(), variants[v])));
            }
        }
    }
    part.write_array<std::uint64_t>("key", key, {}, Compression::none);
    part.write_array<std::uint64_t>("row", row, {}, Compression::none);
    part.write_array<std::uint64_t>("ref", ref, {}, Compression::none);
    part.write_array<std::uint64_t>("alt", alt, {}, Compression::none);
    part.write_array<std::uint8_t>("kind", kind, {}, Compression::none);
}

} // namespace

std::uint64_t position_key(int chromosome, std::uint32_t position) noexcept {
    return static_cast<std::uint64_t>(chromosome) << 32 | position;
}
std::uint64_t identifier_key(std::string_view id) noexcept { return hash64(id, 0x1D) | top; }

AlleleCode allele_code(std::string_view allele) noexcept {
    if (allele.empty()) return 0;
    if (allele.size() == 1) {
        const std::size_t base = std::string_view("ACGT").find(allele[0]);
        if (base != std::string_view::npos) return base + 1;
    }
    return hash64(allele, 0xA1) | top;
}

AlleleCode complement(AlleleCode code) noexcept { return code >= 1 && code <= 4 ? 5 - code : 0; }

ScoreSets read_sets(const ScoreParams& params, const std::string& build, RunContext& context) {
    ScoreSets sets;
    sets.sources = read_once(context.comm(), "listing the files of weights",
                             [&] { return list_score_sources(context.inputs("scores")); });
    std::vector<std::uint64_t> columns(sets.sources.size());
    collectively(context.comm(), "looking at the files of weights", [&] {
        if (!context.comm().is_root()) return;
        for (std::size_t s = 0; s < columns.size(); ++s)
            columns[s] = ScoreFile(sets.sources[s], params.weight_columns).columns().size();
    });
    context.comm().broadcast(std::span(columns));
    sets.sources = split_columns(sets.sources, columns, set_columns_max);
    sets.parts =
        context.for_each_unit("files", sets.sources.size(), [&](std::uint64_t s, PartWriter& part) {
            write_set(params, sets.sources[s], build, part);
        });
    for (std::uint64_t s = 0; s < sets.parts.size(); ++s) {
        const TableData names = sets.parts.open(s).read("columns");
        sets.names.push_back(names.column<std::string>("column"));
        sets.title.push_back(names.column<std::string>("title").front());
        sets.build.push_back(names.column<std::string>("build").front());
    }
    name_scores(sets);
    return sets;
}

std::vector<std::uint64_t> wanted_keys(const ScoreSets& sets) {
    std::vector<std::uint64_t> all, merged;
    for (std::uint64_t s = 0; s < sets.parts.size(); ++s) {
        auto keys = sets.parts.open(s).read_array<std::uint64_t>("key");
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        merged.clear();
        std::set_union(all.begin(), all.end(), keys.begin(), keys.end(),
                       std::back_inserter(merged));
        all.swap(merged);
    }
    if (!all.empty() && all.front() == 0) all.erase(all.begin());
    return all;
}

std::vector<Site> find_sites(const GenotypeSource& genotypes, std::span<const std::uint64_t> wanted,
                             RunContext& context) {
    const auto units = variant_units(genotypes.variant_count(), genotypes.samples().size(),
                                     genotypes.block_variants());
    const KeyFilter filter(wanted);
    const Parts parts =
        context.for_each_unit("variants", units.size(), [&](std::uint64_t u, PartWriter& part) {
            write_sites(genotypes, units[u], filter, part);
        });
    return read_once(context.comm(), "reading the variants of the scores", [&] {
        std::vector<Site> sites;
        for (std::uint64_t u = 0; u < parts.size(); ++u) {
            const H5File file = parts.open(u);
            const auto key = file.read_array<std::uint64_t>("key"),
                       row = file.read_array<std::uint64_t>("row"),
                       ref = file.read_array<std::uint64_t>("ref"),
                       alt = file.read_array<std::uint64_t>("alt");
            const auto kind = file.read_array<std::uint8_t>("kind");
            for (std::size_t i = 0; i < key.size(); ++i)
                sites.push_back({key[i], row[i], ref[i], alt[i], static_cast<SiteKind>(kind[i])});
        }
        std::sort(sites.begin(), sites.end(), [](const Site& a, const Site& b) {
            return a.key != b.key ? a.key < b.key : a.row < b.row;
        });
        return sites;
    });
}

std::span<const Site> sites_of(std::span<const Site> sites, std::uint64_t key) noexcept {
    return {std::ranges::lower_bound(sites, key, {}, &Site::key),
            std::ranges::upper_bound(sites, key, {}, &Site::key)};
}

} // namespace salus::score

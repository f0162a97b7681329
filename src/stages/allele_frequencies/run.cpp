#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzf_writer.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/hts_index_writer.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"
#include "stages/allele_frequencies/allele_frequencies.hpp"
#include "stages/allele_frequencies/populations.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

namespace salus {
namespace {

using namespace frequencies;

/// Work units, joined so that there are at most 2,048 parts and at least 8 where data allow.
std::vector<VariantRange> frequency_units(const GenotypeSource& genotypes) {
    const auto fine = variant_units(genotypes.variant_count(), genotypes.samples().size(),
                                    genotypes.block_variants());
    const std::uint64_t join = std::max<std::uint64_t>(8, (fine.size() + 2047) / 2048);
    std::vector<VariantRange> units;
    for (std::uint64_t u = 0; u < fine.size(); u += join)
        units.push_back(
            {fine[u].begin, fine[std::min<std::uint64_t>(u + join, fine.size()) - 1].end});
    return units;
}

/// Variants per read: whole blocks, about 16 MiB of 2-bit rows, and at most 8,192 rows of text.
std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    return std::max(block,
                    std::min<std::uint64_t>(8192, (std::uint64_t{1} << 24) / row) / block * block);
}

/// Compressed rows of a unit, and what the header must say of them.
class UnitRows {
public:
    UnitRows(const GenotypeSource& genotypes, const Populations& populations,
             const std::optional<H5File>& quality, const AlleleFrequenciesParams& params)
        : genotypes_(genotypes), populations_(populations), quality_(quality), params_(params),
          names_(populations.names()) {}

    void add(VariantRange range) {
        std::vector<std::uint8_t> pass(range.size(), 1);
        if (quality_) pass = variant_marks(*quality_, range, "pass");
        genotypes_.read(range, block_);
        const std::vector<Variant> variants = genotypes_.variants(range);
        std::vector<std::string> lines(variants.size());
        std::vector<HiddenCells> hidden(variants.size());
        parallel_for(variants.size(), [&](std::size_t v) {
            if (pass[v] != 0) hidden[v] = write_line(variants[v], v, lines[v]);
        });
        for (std::size_t v = 0; v < variants.size(); ++v) {
            if (pass[v] == 0) continue;
            ++rows_;
            small_ += hidden[v].small;
            secondary_ += hidden[v].secondary;
            note(variants[v]);
            text_ += lines[v];
        }
        const std::size_t whole = text_.size() / bgzf_block_input * bgzf_block_input;
        compress(whole);
    }

    void write(PartWriter& part) {
        compress(text_.size());
        part.write_array<std::uint8_t>("blocks", bytes_, {}, Compression::none);
        part.write_array<std::uint64_t>("totals", std::vector{rows_, small_, secondary_});
        std::string filters;
        for (const std::string& filter : filters_)
            filters += text(filter, "\n");
        write_text(part, "filters", filters);
        write_text(part, "contigs", contigs_);
    }

private:
    static void write_text(PartWriter& part, const char* name, const std::string& content) {
        const std::vector<std::uint8_t> bytes(content.begin(), content.end());
        part.write_array<std::uint8_t>(name, bytes);
    }

    HiddenCells write_line(const Variant& variant, std::size_t v, std::string& line) const {
        const SitePloidy ploidy = ploidy_at(variant, genotypes_.genome_build());
        std::vector<PopulationCounts> counts;
        for (const Population& population : populations_.list)
            counts.push_back(count_population(block_, v, population, ploidy));
        std::vector<FrequencyCell> cells(counts.size());
        const HiddenCells hidden = fill_cells(
            populations_, counts, static_cast<std::uint64_t>(params_.minimum_count), cells);
        append_frequency_row(names_,
                             {.chromosome = variant.chromosome,
                              .position = variant.position,
                              .id = variant.id,
                              .ref = variant.ref,
                              .alt = variant.alt,
                              .filter = variant.filter,
                              .cells = cells},
                             line);
        return hidden;
    }

    void note(const Variant& variant) {
        if (variant.chromosome != last_contig_) {
            contigs_ += text(variant.chromosome, "\n");
            last_contig_ = variant.chromosome;
        }
        if (variant.filter.empty() || variant.filter == "PASS" || variant.filter == last_filter_)
            return;
        for (const std::string_view filter : split(variant.filter, ';'))
            if (filter != "." && filter != "PASS") filters_.emplace(filter);
        last_filter_ = variant.filter;
    }

    void compress(std::size_t bytes) {
        const auto blocks = bgzf_blocks(std::string_view(text_).substr(0, bytes),
                                        static_cast<int>(params_.compression));
        bytes_.insert(bytes_.end(), blocks.begin(), blocks.end());
        text_.erase(0, bytes);
    }

    const GenotypeSource& genotypes_;
    const Populations& populations_;
    const std::optional<H5File>& quality_;
    const AlleleFrequenciesParams& params_;
    std::vector<FrequencyHeader::Population> names_;
    VariantBlock block_;
    std::string text_, contigs_, last_contig_, last_filter_;
    std::set<std::string> filters_;
    std::vector<std::uint8_t> bytes_;
    std::uint64_t rows_ = 0, small_ = 0, secondary_ = 0;
};

std::vector<std::string> lines_of(const H5File& part, const char* name) {
    const auto bytes = part.read_array<std::uint8_t>(name);
    const std::string content(bytes.begin(), bytes.end());
    std::vector<std::string> lines;
    for (const std::string_view line : split(content, '\n'))
        if (!line.empty()) lines.emplace_back(line);
    return lines;
}

struct Sites {
    FrequencyHeader header;
    std::uint64_t rows = 0;
};

Sites collect_header(const Parts& parts, const GenotypeSource& genotypes,
                     const Populations& populations, const AlleleFrequenciesParams& params) {
    Sites sites{.header = {.source = "salus allele_frequencies",
                           .genome_build = genotypes.genome_build(),
                           .contigs = {},
                           .filters = {},
                           .populations = populations.names(),
                           .minimum_count = static_cast<std::uint64_t>(params.minimum_count)}};
    std::set<std::string> filters;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto totals = part.read_array<std::uint64_t>("totals");
        sites.rows += totals.at(0);
        sites.header.hidden_small += totals.at(1);
        sites.header.hidden_secondary += totals.at(2);
        for (const std::string& filter : lines_of(part, "filters"))
            filters.insert(filter);
        for (std::string& contig : lines_of(part, "contigs"))
            if (sites.header.contigs.empty() || sites.header.contigs.back() != contig)
                sites.header.contigs.push_back(std::move(contig));
    }
    sites.header.filters.assign(filters.begin(), filters.end());
    return sites;
}

class SitesFile {
public:
    explicit SitesFile(const std::filesystem::path& path)
        : path_(path), out_(path, std::ios::binary | std::ios::trunc) {}
    void write(std::span<const std::uint8_t> bytes) {
        out_.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        check();
    }
    void close() {
        out_.close();
        check();
    }

private:
    void check() const {
        if (!out_) throw_storage_error(errno, "write", path_);
    }
    std::filesystem::path path_;
    std::ofstream out_;
};

void write_vcf(const std::filesystem::path& path, const Sites& sites, const Parts& parts,
               const AlleleFrequenciesParams& params) {
    SitesFile file(path);
    file.write(
        bgzf_blocks(frequency_header_text(sites.header), static_cast<int>(params.compression)));
    for (std::uint64_t u = 0; u < parts.size(); ++u)
        file.write(parts.open(u).read_array<std::uint8_t>("blocks"));
    const std::string_view end = bgzf_end_of_file();
    file.write(std::span(reinterpret_cast<const std::uint8_t*>(end.data()), end.size()));
    file.close();
}

std::optional<H5File> open_quality(const RunContext& context, const GenotypeSource& genotypes) {
    if (!context.has_input("quality")) return std::nullopt;
    H5File file = H5File::open(context.input("quality"));
    require_same_rows(file, genotypes.samples(), genotypes.variant_count(), "quality");
    return file;
}

void report(const Log& log, const Sites& sites, const Populations& populations,
            std::uint64_t variants) {
    if (populations.small_groups > 0)
        log.warning(text(populations.small_groups,
                         " groups have too few samples and are counted in the total only"));
    log.info(text(with_thousands(sites.rows), " of ", with_thousands(variants), " variants, ",
                  populations.list.size(), " populations; ",
                  with_thousands(sites.header.hidden_small), " cells hidden for small counts, ",
                  with_thousands(sites.header.hidden_secondary), " to protect others"));
}

} // namespace

void run_allele_frequencies(const AlleleFrequenciesParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const auto quality = read_once(context.comm(), "opening the quality result",
                                   [&] { return open_quality(context, *genotypes); });
    const Populations populations = read_once(context.comm(), "reading the groups", [&] {
        return make_populations(context, genotypes->samples(), quality, params);
    });
    const auto units = frequency_units(*genotypes);
    const std::uint64_t step = read_length(*genotypes);
    const Parts parts =
        context.for_each_unit("sites", units.size(), [&](std::uint64_t u, PartWriter& part) {
            UnitRows rows(*genotypes, populations, quality, params);
            for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step)
                rows.add({begin, std::min(units[u].end, begin + step)});
            rows.write(part);
        });
    context.publish_file("allele_frequencies", [&](const std::filesystem::path& path) {
        const Sites sites = collect_header(parts, *genotypes, populations, params);
        write_vcf(path, sites, parts, params);
        report(context.log(), sites, populations, genotypes->variant_count());
    });
    context.publish_file("index", [&](const std::filesystem::path& path) {
        write_tbi(context.output("allele_frequencies"), path);
    });
}

} // namespace salus

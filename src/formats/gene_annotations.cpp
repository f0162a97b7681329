#include "formats/gene_annotations.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/regions.hpp"
#include "formats/site_reader.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

namespace salus {
namespace {

[[noreturn]] void throw_bad_annotation(const std::filesystem::path& path, std::uint64_t line,
                                       std::string what, std::string why) {
    throw DataError(
        {.what = std::move(what),
         .where = text(path.string(), ", line ", line),
         .why = std::move(why),
         .help = "correct the file, or see docs/formats.md for the forms that are read"});
}

std::string_view without_chr(std::string_view name) {
    return name.starts_with("chr") ? name.substr(3) : name;
}

// CHROM_POS_REF/ALT of VEP, where a name has no other underscores.
std::optional<std::string> vep_key(std::string_view name) {
    const auto fields = split(name, '_');
    if (fields.size() != 3 || !parse_integer(fields[1])) return std::nullopt;
    const auto alleles = split(fields[2], '/');
    if (alleles.size() != 2) return std::nullopt;
    return variant_key(text(fields[0], ':', fields[1], ':', alleles[0], ':', alleles[1]));
}

class AnnotationReader {
public:
    explicit AnnotationReader(const std::filesystem::path& path) : path_(path) {}
    GeneAnnotations read();

private:
    enum class Kind { unknown, regenie, vep, vcf };
    void take_header(std::string_view line, std::uint64_t number);
    void take_regenie(std::string_view line, std::uint64_t number);
    void take_vep(std::string_view line, std::uint64_t number);
    void take_vcf(std::string_view line, std::uint64_t number);
    void take_info(std::string_view value, const std::string& key);
    void add(std::string_view variant, std::string_view gene, std::string_view consequences);

    const std::filesystem::path& path_;
    Kind kind_ = Kind::unknown;
    std::size_t variant_ = 0, gene_ = 0, symbol_ = SIZE_MAX, consequence_ = 0; // columns
    std::string tag_;                                                          // CSQ= or BCSQ=
    std::vector<std::string_view> words_;
    GeneAnnotations result_;
};

void AnnotationReader::add(std::string_view variant, std::string_view gene,
                           std::string_view consequences) {
    if (gene.empty() || gene == "-" || gene == ".") {
        ++result_.without_gene;
        return;
    }
    const std::uint32_t v = result_.variants.add(variant), g = result_.genes.add(gene);
    while (!consequences.empty()) {
        const auto end = std::min(consequences.find_first_of("&,"), consequences.size());
        const auto one = trim(consequences.substr(0, end));
        if (!one.empty()) result_.effects.push_back({v, g, result_.consequences.add(one)});
        consequences.remove_prefix(std::min(end + 1, consequences.size()));
    }
}

std::size_t place(std::span<const std::string_view> fields, std::string_view name) {
    const auto at = std::find(fields.begin(), fields.end(), name);
    return at == fields.end() ? SIZE_MAX : static_cast<std::size_t>(at - fields.begin());
}

void AnnotationReader::take_header(std::string_view line, std::uint64_t number) {
    if (line.starts_with("##fileformat=VCF")) kind_ = Kind::vcf;
    if (kind_ == Kind::vcf) {
        const bool csq = line.starts_with("##INFO=<ID=CSQ,");
        if (!csq && !line.starts_with("##INFO=<ID=BCSQ,")) return;
        tag_ = csq ? "CSQ=" : "BCSQ=";
        consequence_ = 0;
        gene_ = 1;
        if (!csq) return; // consequence|gene|...
        const auto begin = line.find("Format: ");
        if (begin == std::string_view::npos)
            throw_bad_annotation(path_, number, "INFO/CSQ has no Format",
                                 "its header line names the fields");
        auto list = line.substr(begin + 8);
        const auto fields = split(list.substr(0, list.find('"')), '|');
        consequence_ = place(fields, "Consequence");
        gene_ = place(fields, "Gene");
        symbol_ = place(fields, "SYMBOL");
        if (consequence_ == SIZE_MAX || (gene_ == SIZE_MAX && symbol_ == SIZE_MAX))
            throw_bad_annotation(path_, number,
                                 "INFO/CSQ has no field Consequence, or neither Gene nor SYMBOL",
                                 "sets are made from the gene and masks from the consequence");
    } else if (line.starts_with("#Uploaded_variation\t")) {
        const auto fields = split(line.substr(1), '\t');
        variant_ = 0;
        gene_ = place(fields, "Gene");
        consequence_ = place(fields, "Consequence");
        if (gene_ == SIZE_MAX || consequence_ == SIZE_MAX)
            throw_bad_annotation(path_, number, "the header line has no column Gene or Consequence",
                                 "VEP's tab-separated output has both");
        kind_ = Kind::vep;
    }
}

void AnnotationReader::take_regenie(std::string_view line, std::uint64_t number) {
    split_words(line, words_);
    if (words_.size() != 3 && words_.size() != 4)
        throw_bad_annotation(
            path_, number, text("the line has ", words_.size(), " fields"),
            "an annotation is: variant gene consequence, or variant gene domain consequence");
    kind_ = Kind::regenie;
    add(variant_key(words_[0]), words_[1], words_.back());
}

void AnnotationReader::take_vep(std::string_view line, std::uint64_t number) {
    const auto fields = split(line, '\t');
    if (fields.size() <= std::max(gene_, consequence_))
        throw_bad_annotation(path_, number, text("the line has ", fields.size(), " fields"),
                             "it must have those of the header line");
    const auto key = vep_key(fields[variant_]);
    add(key ? *key : variant_key(fields[variant_]), fields[gene_], fields[consequence_]);
}

void AnnotationReader::take_vcf(std::string_view line, std::uint64_t number) {
    const auto fields = split(line, '\t');
    const auto position = fields.size() > 7 ? parse_integer(fields[1]) : std::nullopt;
    if (!position || *position < 0 || *position > 0xFFFFFFFF)
        throw_bad_annotation(path_, number, "the line is not a VCF record",
                             "it has at least 8 columns");
    if (tag_.empty())
        throw_bad_annotation(path_, number, "the VCF declares neither INFO/CSQ nor INFO/BCSQ",
                             "annotations of VEP and of bcftools csq are read from there");
    if (fields[4].find(',') != std::string_view::npos)
        throw_bad_annotation(
            path_, number, "the record has several ALT alleles",
            "which of them an annotation means is not always told; split them before annotating, "
            "for example with bcftools norm -m -");
    const std::string key =
        variant_key(fields[0], static_cast<std::uint32_t>(*position), fields[3], fields[4]);
    for (const std::string_view item : split(fields[7], ';'))
        if (item.starts_with(tag_)) take_info(item.substr(tag_.size()), key);
}

void AnnotationReader::take_info(std::string_view value, const std::string& key) {
    for (std::string_view entry : split(value, ',')) {
        const auto parts = split(entry, '|');
        const auto part = [&](std::size_t i) {
            return i < parts.size() ? parts[i] : std::string_view();
        };
        if (entry.starts_with('@')) continue; // BCSQ: told at another position
        const std::string_view gene = part(gene_).empty() ? part(symbol_) : part(gene_);
        std::string_view consequence = part(consequence_);
        if (consequence.starts_with('*')) consequence.remove_prefix(1); // BCSQ: behind a stop
        add(key, gene, consequence);
    }
}

GeneAnnotations AnnotationReader::read() {
    for_each_line(
        path_,
        [&](std::string_view line, std::uint64_t number) {
            if (line.starts_with('#')) return take_header(line, number);
            if (kind_ == Kind::vep) return take_vep(line, number);
            if (kind_ == Kind::vcf) return take_vcf(line, number);
            take_regenie(line, number);
        },
        Comments::give);
    if (result_.effects.empty())
        throw DataError({.what = "the annotations are empty",
                         .where = path_.string(),
                         .why = "no line gives a variant, a gene and a consequence",
                         .help = "give annotations of VEP, bcftools csq or in regenie's form"});
    auto& effects = result_.effects;
    const auto order = [](const GeneAnnotations::Effect& e) {
        return std::tie(e.variant, e.gene, e.consequence);
    };
    std::ranges::sort(effects, {}, order);
    effects.erase(std::unique(effects.begin(), effects.end(),
                              [&](const auto& a, const auto& b) { return order(a) == order(b); }),
                  effects.end());
    return std::move(result_);
}

void require_some(bool some, const std::filesystem::path& path, std::string_view what) {
    if (some) return;
    throw DataError({.what = text("there is no ", what),
                     .where = path.string(),
                     .why = {},
                     .help = "leave the file out, or give one that is not empty"});
}

} // namespace

std::uint32_t NameTable::add(std::string_view name) {
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return found->second;
    const auto [at, fresh] =
        numbers_.emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
    names_.push_back(&at->first);
    return at->second;
}

std::uint32_t NameTable::find(std::string_view name) const noexcept {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? UINT32_MAX : found->second;
}

std::string variant_key(std::string_view written) {
    const bool place = std::count(written.begin(), written.end(), ':') == 3;
    return std::string(place ? without_chr(written) : written);
}

std::string variant_key(std::string_view chromosome, std::uint32_t position, std::string_view ref,
                        std::string_view alt) {
    return text(without_chr(chromosome), ':', position, ':', ref, ':', alt);
}

GeneAnnotations read_gene_annotations(const std::filesystem::path& path) {
    return AnnotationReader(path).read();
}

std::vector<VariantSet> read_variant_sets(const std::filesystem::path& path) {
    std::vector<VariantSet> sets;
    std::set<std::string, std::less<>> names;
    std::vector<std::string_view> words;
    for_each_line(path, [&](std::string_view line, std::uint64_t number) {
        split_words(line, words);
        if (words.size() < 4)
            throw_bad_annotation(path, number, text("the line has ", words.size(), " fields"),
                                 "a set is: name chromosome position variant,variant...");
        if (!names.emplace(words[0]).second)
            throw_bad_annotation(path, number, text("set \"", words[0], "\" comes twice"),
                                 "each set is one line of the result");
        VariantSet set{.name = std::string(words[0]), .variants = {}};
        for (std::size_t w = 3; w < words.size(); ++w)
            for (const std::string_view variant : split(words[w], ','))
                if (!variant.empty()) set.variants.push_back(variant_key(variant));
        sets.push_back(std::move(set));
    });
    require_some(!sets.empty(), path, "set");
    return sets;
}

std::vector<VariantMask> read_variant_masks(const std::filesystem::path& path) {
    std::vector<VariantMask> masks;
    std::vector<std::string_view> words;
    for_each_line(path, [&](std::string_view line, std::uint64_t number) {
        split_words(line, words);
        if (words.size() != 2)
            throw_bad_annotation(path, number, text("the line has ", words.size(), " fields"),
                                 "a mask is: name consequence,consequence...");
        VariantMask mask{.name = std::string(words[0]), .consequences = {}};
        for (const VariantMask& other : masks)
            if (other.name == mask.name)
                throw_bad_annotation(path, number, text("mask \"", mask.name, "\" comes twice"),
                                     "each mask is one line of the result for every set");
        for (const std::string_view consequence : split(words[1], ','))
            if (!consequence.empty()) mask.consequences.emplace_back(consequence);
        masks.push_back(std::move(mask));
    });
    require_some(!masks.empty(), path, "mask");
    return masks;
}

std::vector<VariantMask> parse_variant_masks(const std::vector<std::string>& texts) {
    std::vector<VariantMask> masks;
    std::vector<std::string_view> words;
    for (const std::string& given : texts) {
        const auto colon = given.find(':');
        VariantMask mask{.name = std::string(trim(std::string_view(given).substr(0, colon))),
                         .consequences = {}};
        std::string list = colon == std::string::npos ? "" : given.substr(colon + 1);
        std::replace(list.begin(), list.end(), ',', ' ');
        split_words(list, words);
        mask.consequences.assign(words.begin(), words.end());
        const bool twice =
            std::ranges::any_of(masks, [&](const auto& m) { return m.name == mask.name; });
        if (mask.name.empty() || mask.consequences.empty() || twice)
            throw UsageError(
                {.what =
                     text("\"", given, "\" is not a mask", twice ? ": its name comes twice" : ""),
                 .where = "parameter masks",
                 .why = "a mask is a name and the consequences of its variants",
                 .help = "write for example \"lof: stop_gained, frameshift_variant\""});
        masks.push_back(std::move(mask));
    }
    return masks;
}

} // namespace salus

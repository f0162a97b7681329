#include "formats/site_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/allele_depths.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

constexpr std::array<bool, 256> bases = [] {
    std::array<bool, 256> table{};
    for (const char c : {'A', 'C', 'G', 'T', 'N', 'a', 'c', 'g', 't', 'n'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_bases(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return bases[static_cast<unsigned char>(c)];
    });
}

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool is_alt(std::string_view alt) noexcept {
    if (is_bases(alt) || alt == "*") return true;
    if (alt.size() < 2 || !is_printable(alt)) return false;
    if (alt.front() == '<') return alt.size() > 2 && alt.back() == '>';
    if (alt.front() == '.') return is_bases(alt.substr(1));
    if (alt.back() == '.') return is_bases(alt.substr(0, alt.size() - 1));
    // Breakends: t[p[, t]p], [p[t, ]p]t
    const std::size_t open = alt.find_first_of("[]"), close = alt.find_last_of("[]");
    if (open == std::string_view::npos || open + 1 >= close || alt[open] != alt[close])
        return false;
    const std::string_view before = alt.substr(0, open), after = alt.substr(close + 1);
    return before.empty() != after.empty() && is_bases(before.empty() ? after : before);
}

/// A list of names separated by ';', or nothing.
void require_names(std::string_view list, std::string_view column) {
    require_text(list, column);
    const bool gap =
        list.starts_with(';') || list.ends_with(';') || list.find(";;") != std::string_view::npos;
    if (gap || list.find(' ') != std::string_view::npos)
        throw RecordDefect{text(column, " is not a list of names"),
                           "names are separated by single ';' and hold no blanks"};
}

} // namespace

void require_text(std::string_view value, std::string_view column) {
    const bool plain = is_printable(value);
    if (plain || (is_utf8(value) && std::none_of(value.begin(), value.end(),
                                                 [](char c) { return c >= 0 && c < ' '; })))
        return;
    throw RecordDefect{text(column, " holds bytes that are not text"),
                       "VCF is UTF-8 without control characters"};
}

void split_words(std::string_view line, std::vector<std::string_view>& out) {
    out.clear();
    for (std::size_t begin = line.find_first_not_of(" \t"); begin != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
        out.push_back(line.substr(begin, end - begin));
        begin = line.find_first_not_of(" \t", end);
    }
}

void require_site(const Site& site) {
    require_text(site.chromosome, "CHROM");
    std::string_view chromosome = site.chromosome; // <name> stands for a contig of an assembly file
    if (chromosome.starts_with('<') && chromosome.ends_with('>'))
        chromosome = chromosome.substr(1, chromosome.size() - 2);
    if (chromosome.empty() || chromosome.find_first_of(" ,<>\"'") != std::string_view::npos)
        throw RecordDefect{"CHROM is not a name",
                           "it must not be empty, nor hold blanks, commas, quotes, < or >"};
    require_names(site.id, "ID");
    require_names(site.filter, "FILTER");
    if (!is_bases(site.ref))
        throw RecordDefect{"REF is not a sequence of A, C, G, T, N",
                           "the VCF specification allows no other reference bases"};
    for (const std::string_view alt : site.alts)
        if (!is_alt(alt))
            throw RecordDefect{"ALT is not an allele",
                               "it must be bases (ACGTN), '*', <ID> or a breakend"};
}

SiteReader::SiteReader(const VcfHeader& header, const ReadOptions& options,
                       std::span<const Sex> sex)
    : choose_format_(header, options.dosage_field), options_(options), regions_(options.regions),
      samples_(sex.size()), ploidy_(options.genome_build, sex) {
    for (const std::string& key : options.info) {
        const auto number = header.info_number.find(key);
        per_alt_.push_back(number != header.info_number.end() && number->second == "A");
    }
    site_.info.resize(options.info.size());
    calls_.resize(samples_);
}

bool SiteReader::next(GenotypeRecord& out) {
    while (advance()) {
        ++counters_.records;
        site_.chromosome = {};
        for (auto& values : site_.info)
            values.clear();
        const ReadCounters before = counters_;
        try {
            read_site(site_);
            const Fate fate = judge();
            if (fate == Fate::finished) return false;
            if (fate == Fate::pass_over) continue;
            take_variants(out);
            out.rows.resize(out.variants.size() * packed_bytes(samples_));
            out.phase.clear();
            out.dosages.clear();
            out.depths.clear();
            read_calls(site_, out);
            if (options_.allele_depths && counts_depths(site_)) read_depths(out);
        } catch (const RecordDefect& defect) {
            if (options_.on_bad_record == BadRecord::fail)
                throw DataError({.what = defect.what,
                                 .where = place(),
                                 .why = defect.why,
                                 .help = "correct the record, or set on_bad_record = \"skip\" to "
                                         "leave such records out and count them"});
            counters_ = before;
            ++counters_.skipped;
            continue;
        }
        apply_ploidy(out);
        counters_.variants += out.variants.size();
        if (site_.alts.size() > 1) ++counters_.split_sites;
        return true;
    }
    return false;
}

void SiteReader::apply_ploidy(GenotypeRecord& out) {
    const std::size_t bytes = packed_bytes(samples_);
    for (std::size_t v = 0; v < out.variants.size(); ++v) {
        const auto calls = std::span(out.rows).subspan(v * bytes, bytes);
        const std::uint64_t changed = ploidy_.apply(calls);
        counters_.heterozygous_haploid += changed;
        if (changed == 0) continue;
        if (!out.phase.empty())
            keep_phase_of_hets(calls, std::span(out.phase).subspan(v * bytes, bytes));
        if (out.dosages.empty()) continue;
        // A dosage of exactly one copy says no more than the heterozygous call.
        Dosage* const dosages = out.dosages.data() + v * samples_;
        for (std::size_t i = 0; i < samples_; ++i)
            if (dosages[i] == dosage_one && packed_get(calls, i) == missing)
                dosages[i] = dosage_missing;
    }
}

SiteReader::Fate SiteReader::judge() {
    const auto unsorted = [&](std::string what, std::string help) {
        throw DataError({.what = std::move(what),
                         .where = place(),
                         .why = "records must be grouped by chromosome and sorted by position",
                         .help = std::move(help)});
    };
    if (site_.chromosome != chromosome_) {
        if (left_.contains(site_.chromosome))
            unsorted("a chromosome comes back after another one",
                     "sort the file, e.g. with bcftools sort");
        if (!chromosome_.empty()) left_.insert(chromosome_);
        chromosome_ = site_.chromosome;
    } else if (site_.position < position_) {
        unsorted("positions are not sorted", "sort the file, e.g. with bcftools sort");
    }
    position_ = site_.position;
    ploidy_.move_to(site_.chromosome, site_.position);

    if (!regions_.empty() && !regions_.contains(site_.chromosome, site_.position)) {
        // Sorted: once past all regions of the only chromosome wanted, nothing can follow.
        if (regions_.all_before(site_.chromosome, site_.position)) return Fate::finished;
        ++counters_.outside;
        return Fate::pass_over;
    }
    const auto& filters = options_.keep_filter;
    if (!filters.empty() &&
        std::find(filters.begin(), filters.end(), site_.filter) == filters.end()) {
        ++counters_.filtered;
        return Fate::pass_over;
    }
    return Fate::keep;
}

void SiteReader::take_variants(GenotypeRecord& out) const {
    const std::size_t alts = site_.alts.size();
    out.variants.resize(std::max<std::size_t>(1, alts));
    for (std::size_t v = 0; v < out.variants.size(); ++v) {
        Variant& variant = out.variants[v];
        variant.chromosome = site_.chromosome;
        variant.position = site_.position;
        variant.id = site_.id;
        variant.ref = site_.ref;
        variant.alt = alts == 0 ? std::string_view(".") : site_.alts[v];
        variant.filter = site_.filter;
        variant.alt_index = static_cast<std::uint32_t>(v + 1);
        variant.alt_count = static_cast<std::uint32_t>(alts);
        variant.info.resize(site_.info.size());
        for (std::size_t k = 0; k < site_.info.size(); ++k) {
            const auto& values = site_.info[k];
            if (values.empty())
                variant.info[k].clear();
            else
                variant.info[k] = values.size() == 1 ? values.front() : values[v];
        }
    }
}

void SiteReader::set_info(Site& site, std::size_t k, std::string_view value) const {
    require_text(value, "INFO");
    auto& values = site.info[k];
    if (!values.empty())
        throw RecordDefect{text("INFO field ", options_.info[k], " comes twice"),
                           "a key stands once per record"};
    if (!per_alt_[k] || value == ".") {
        values.emplace_back(value);
        return;
    }
    for (const std::string_view item : split(value, ','))
        values.emplace_back(item);
    if (values.size() != std::max<std::size_t>(1, site.alts.size()))
        throw RecordDefect{
            text("INFO field ", options_.info[k], " has not one value per ALT allele"),
            "the header declares Number=A"};
}

SimpleRows SiteReader::simple_rows(GenotypeRecord& out) {
    out.phase.assign(out.rows.size(), 0);
    return {.calls = out.rows, .phase = out.phase};
}

void SiteReader::take_simple_rows(const SimpleRows& rows, GenotypeRecord& out) {
    counters_.half_missing += rows.half_missing;
    if (!rows.any_phased) out.phase.clear();
}

void SiteReader::pack_rows(GenotypeRecord& out) {
    bool phased = false;
    for (std::size_t i = 0; i < samples_; ++i) {
        const std::uint16_t a = calls_.first[i], b = calls_.second[i];
        phased = phased || calls_.phased[i] != 0;
        if (b == AlleleCalls::no_allele) {
            if (a != AlleleCalls::missing_allele && ploidy_.expects_two(i))
                ++counters_.haploid_on_diploid;
        } else if ((a == AlleleCalls::missing_allele) != (b == AlleleCalls::missing_allele)) {
            ++counters_.half_missing;
        }
    }
    const std::size_t bytes = packed_bytes(samples_);
    if (phased) out.phase.resize(out.rows.size());
    bool any = false;
    for (std::size_t v = 0; v < out.variants.size(); ++v) {
        const auto alt = static_cast<std::uint16_t>(v + 1);
        pack_calls(calls_, alt, std::span(out.rows).subspan(v * bytes, bytes));
        if (phased && pack_phase(calls_, alt, std::span(out.phase).subspan(v * bytes, bytes)))
            any = true;
    }
    if (!any) out.phase.clear();
}

void SiteReader::pack_dosages(GenotypeRecord& out) {
    pack_rows(out);
    if (dosages_.finish(out, options_.hard_call_threshold))
        counters_.dosage_variants += out.variants.size();
}

std::string SiteReader::place() const {
    if (site_.chromosome.empty()) return where();
    return text(where(), ", site ", site_.chromosome, ":", site_.position);
}

} // namespace salus

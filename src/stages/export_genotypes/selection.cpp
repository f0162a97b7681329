#include "stages/export_genotypes/selection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/sample_sheet.hpp"
#include "genotype/result_marks.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

namespace salus {
namespace {

constexpr std::uint64_t page = 65536; // variants looked at together

void write_lines(PartWriter& part, std::string_view name, const std::vector<std::string>& lines) {
    const std::string joined = join(lines, "\n");
    if (joined.empty()) return;
    part.write_array<std::uint8_t>(
        name, std::span(reinterpret_cast<const std::uint8_t*>(joined.data()), joined.size()));
}

std::vector<std::string> read_lines(const H5File& part, std::string_view name) {
    std::vector<std::string> lines;
    if (!part.exists(name)) return lines;
    const auto bytes = part.read_array<std::uint8_t>(name);
    const std::string_view joined(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (const std::string_view line : split(joined, '\n'))
        lines.emplace_back(line);
    return lines;
}

ExportOrder read_plan(const Parts& selection) {
    ExportOrder plan{.first = {0}, .contigs = {}, .filters = {}};
    std::unordered_set<std::string> known;
    std::set<std::string> filters;
    for (std::uint64_t unit = 0; unit < selection.size(); ++unit) {
        const H5File part = selection.open(unit);
        const auto kept = part.integer_attribute("/", "kept");
        SALUS_ASSERT(kept);
        plan.first.push_back(plan.first.back() + static_cast<std::uint64_t>(*kept));
        for (std::string& name : read_lines(part, "contigs"))
            if (known.insert(name).second) plan.contigs.push_back(std::move(name));
        for (std::string& name : read_lines(part, "filters"))
            filters.insert(std::move(name));
    }
    plan.filters.assign(filters.begin(), filters.end());
    return plan;
}

void share_lines(const Communicator& comm, std::vector<std::string>& lines) {
    std::string joined = join(lines, "\n");
    comm.broadcast(joined);
    lines.clear();
    if (joined.empty()) return;
    for (const std::string_view line : split(joined, '\n'))
        lines.emplace_back(line);
}

} // namespace

ExportSamples select_export_samples(const GenotypeSource& genotypes, const H5File* quality,
                                    const std::optional<std::filesystem::path>& sheet) {
    const SampleTable& samples = genotypes.samples();
    std::vector<std::uint8_t> wanted(samples.size(), 1);
    if (quality != nullptr) {
        require_same_rows(*quality, samples, genotypes.variant_count(), "quality");
        wanted = sample_marks(*quality, "pass");
    }
    if (sheet) {
        const SampleTable listed = read_sample_sheet(*sheet);
        const std::unordered_set<std::string_view> names(listed.id.begin(), listed.id.end());
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (!names.contains(samples.id[i])) wanted[i] = 0;
    }
    ExportSamples out;
    out.place.assign(samples.size(), ExportSamples::left_out);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (wanted[i] == 0) continue;
        out.place[i] = static_cast<std::uint32_t>(out.kept.size());
        out.kept.push_back(static_cast<std::uint32_t>(i));
        out.table.id.push_back(samples.id[i]);
        out.table.sex.push_back(samples.sex[i]);
    }
    if (out.kept.empty())
        throw DataError(
            {.what = "no sample is left to export",
             .where = "stage export_genotypes",
             .why = text("of ", with_thousands(samples.size()),
                         " samples none is in the sheet keep_samples and passes quality"),
             .help = "check that its sample_id are those of the genotype store"});
    return out;
}

void ExportSelector::write_unit(VariantRange unit, PartWriter& part) const {
    std::vector<std::uint8_t> flags(unit.size());
    std::vector<std::string> contigs;
    std::set<std::string> filters;
    std::int64_t kept = 0;
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += page) {
        const std::uint64_t end = std::min(unit.end, begin + page);
        const std::vector<Variant> variants = genotypes_.variants({begin, end});
        std::vector<std::uint8_t> passes(variants.size(), 1);
        if (quality_ != nullptr) passes = variant_marks(*quality_, {begin, end}, "pass");
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const Variant& variant = variants[v];
            const auto here = [&](const Region& r) {
                return r.chromosome == variant.chromosome && variant.position >= r.first &&
                       variant.position <= r.last;
            };
            if (passes[v] == 0) continue;
            if (!regions_.empty() && std::none_of(regions_.begin(), regions_.end(), here)) continue;
            flags[begin - unit.begin + v] = 1;
            ++kept;
            if (contigs.empty() || contigs.back() != variant.chromosome)
                contigs.push_back(variant.chromosome);
            if (variant.filter.empty() || variant.filter == "PASS") continue;
            for (const std::string_view name : split(variant.filter, ';'))
                if (name != "PASS") filters.emplace(name);
        }
    }
    part.write_array<std::uint8_t>("flags", flags);
    part.file().attribute("/", "kept", kept);
    write_lines(part, "contigs", contigs);
    write_lines(part, "filters", {filters.begin(), filters.end()});
}

ExportOrder plan_export(const Communicator& comm, const Parts& selection) {
    ExportOrder plan = collectively(comm, "planning the export", [&] {
        return comm.is_root() ? read_plan(selection) : ExportOrder{};
    });
    plan.first.resize(selection.size() + 1);
    comm.broadcast(std::span(plan.first));
    share_lines(comm, plan.contigs);
    share_lines(comm, plan.filters);
    return plan;
}

std::vector<std::uint8_t> selected_variants(const Parts& selection, std::uint64_t unit) {
    return selection.open(unit).read_array<std::uint8_t>("flags");
}

} // namespace salus

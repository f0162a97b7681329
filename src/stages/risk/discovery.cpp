#include "stages/risk/discovery.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "kernels/dosage_products.hpp"
#include "kernels/genotype_counts.hpp"
#include "models/clumping.hpp"
#include "models/pgs.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

namespace salus::risk {
namespace {

constexpr std::size_t traits_per_pass = 4;
constexpr std::size_t rows_per_task = 48;

TableSpec candidates_table() {
    using enum ColumnType;
    return {.name = "candidates",
            .row = "candidate",
            .doc = "Tests below the loosest threshold, in store order.",
            .columns = {{"trait", u32, "1", "Index of the trait"},
                        {"phase", u32, "1", "Index of the sample set"},
                        {"variant", u64, "1", "Index of the variant"},
                        {"position", u32, "bp", "Position"},
                        {"beta", f64, "1", "Effect per ALT copy"},
                        {"neg_log10_p", f64, "-log10 p", "Test"},
                        {"alt_frequency", f64, "proportion", "In the sample set"}}};
}

TableSpec stretches_table() {
    using enum ColumnType;
    return {.name = "stretches",
            .row = "stretch",
            .doc = "Runs of variants on one autosome.",
            .columns = {{"chromosome", text, "", "Chromosome"},
                        {"begin", u64, "1", "First variant"},
                        {"end", u64, "1", "One past the last"}}};
}

TableSpec index_table() {
    using enum ColumnType;
    return {.name = "index",
            .row = "index_variant",
            .doc = "Index variants of the clumps.",
            .columns = {{"phase", u32, "1", "Index of the sample set"},
                        {"variant", u64, "1", "Index of the variant"},
                        {"beta", f64, "1", "Effect per ALT copy"},
                        {"neg_log10_p", f64, "-log10 p", "Test"},
                        {"alt_frequency", f64, "proportion", "In the sample set"}}};
}

/// A test that passed the loosest threshold.
struct Candidate {
    std::uint32_t trait = 0, phase = 0;
    std::uint64_t variant = 0;
    std::uint32_t position = 0;
    ScanTest test;
};

/// Null models of a pass: traits x phases, made when the pass begins.
class Models {
public:
    Models(const RiskParams& params, const Cohort& cohort) : params_(params), cohort_(cohort) {}

    struct One {
        std::uint32_t trait, phase;
        std::unique_ptr<DiscoveryModel> model;
    };
    const std::vector<One>& of_pass(std::size_t pass) {
        if (made_ && pass == pass_) return models_;
        models_.clear();
        const auto folds = static_cast<unsigned>(params_.tuning_folds);
        const std::size_t end = std::min(cohort_.traits.size(), (pass + 1) * traits_per_pass);
        for (std::size_t t = pass * traits_per_pass; t < end; ++t) {
            const auto outcome = cohort_.outcome(cohort_.traits[t]);
            for (unsigned phase = 0; phase <= folds; ++phase) {
                auto model = std::make_unique<DiscoveryModel>(
                    cohort_.traits[t].kind, cohort_.training(outcome, phase, folds),
                    cohort_.covariates, outcome);
                if (model->usable())
                    models_.push_back({static_cast<std::uint32_t>(t), phase, std::move(model)});
            }
        }
        made_ = true;
        pass_ = pass;
        return models_;
    }

private:
    const RiskParams& params_;
    const Cohort& cohort_;
    std::vector<One> models_;
    std::size_t pass_ = 0;
    bool made_ = false;
};

/// Scans the variants of one unit.
class UnitScan {
public:
    UnitScan(const RiskParams& params, const std::vector<Models::One>& models, std::size_t samples)
        : models_(models), samples_(samples),
          everybody_(std::vector<std::uint8_t>(samples, std::uint8_t{1})),
          frequency_min_(params.minor_allele_frequency_min),
          least_(-std::log10(
              *std::max_element(params.p_thresholds.begin(), params.p_thresholds.end()))) {}

    void add(const VariantBlock& block, const std::vector<Variant>& variants,
             const std::vector<std::uint8_t>& pass) {
        std::vector<std::size_t> chosen;
        for (std::size_t v = 0; v < block.size(); ++v) {
            if (inheritance_of(variants[v].chromosome) != Inheritance::autosomal) continue;
            note_stretch(variants[v].chromosome, block.first_variant() + v);
            if ((pass.empty() || pass[v] != 0) && is_common(block, v)) chosen.push_back(v);
        }
        const std::size_t tasks = (chosen.size() + rows_per_task - 1) / rows_per_task;
        std::vector<std::vector<Candidate>> found(tasks);
        parallel_for(tasks, [&](std::size_t task) {
            const std::size_t begin = task * rows_per_task;
            scan(block, variants,
                 std::span(chosen).subspan(begin, std::min(rows_per_task, chosen.size() - begin)),
                 found[task]);
        });
        for (const auto& part : found)
            candidates_.insert(candidates_.end(), part.begin(), part.end());
    }
    TableData candidates() const {
        TableData table(candidates_table());
        for (const Candidate& c : candidates_) {
            table.column<std::uint32_t>("trait").push_back(c.trait);
            table.column<std::uint32_t>("phase").push_back(c.phase);
            table.column<std::uint64_t>("variant").push_back(c.variant);
            table.column<std::uint32_t>("position").push_back(c.position);
            table.column<double>("beta").push_back(c.test.beta);
            table.column<double>("neg_log10_p").push_back(c.test.neg_log10_p);
            table.column<double>("alt_frequency").push_back(c.test.alt_frequency);
        }
        return table;
    }
    TableData stretches() const {
        TableData table(stretches_table());
        for (const Chromosome& c : stretches_) {
            table.column<std::string>("chromosome").push_back(c.name);
            table.column<std::uint64_t>("begin").push_back(c.range.begin);
            table.column<std::uint64_t>("end").push_back(c.range.end);
        }
        return table;
    }

private:
    void note_stretch(const std::string& name, std::uint64_t variant) {
        if (stretches_.empty() || stretches_.back().name != name)
            stretches_.push_back({name, {variant, variant}});
        stretches_.back().range.end = variant + 1;
    }
    bool is_common(const VariantBlock& block, std::size_t v) const {
        if (block.has_dosages(v)) {
            std::vector<Dosage> dosages(samples_);
            block.unpack_dosages(v, dosages);
            const DosageMoments m = dosage_moments(dosages, everybody_);
            const double f =
                static_cast<double>(m.sum) / (2 * dosage_one * static_cast<double>(m.called));
            return m.called > 0 && std::min(f, 1 - f) >= frequency_min_;
        }
        const GenotypeCounts c = block.is_carrier_list(v)
                                     ? count_genotypes(block.carriers(v), samples_)
                                     : count_genotypes(block.row(v), samples_);
        if (c.called() == 0) return false;
        const double f =
            static_cast<double>(c.alt_copies()) / (2 * static_cast<double>(c.called()));
        return std::min(f, 1 - f) >= frequency_min_;
    }
    void scan(const VariantBlock& block, const std::vector<Variant>& variants,
              std::span<const std::size_t> chosen, std::vector<Candidate>& found) const {
        std::vector<const std::uint8_t*> rows;
        std::vector<std::size_t> dense;
        for (const std::size_t v : chosen)
            if (!block.has_dosages(v) && !block.is_carrier_list(v))
                rows.push_back(block.row(v).data()), dense.push_back(v);
        std::vector<Dosage> dosages(samples_);
        std::vector<ScanTest> tests(rows.size());
        for (const Models::One& m : models_) {
            const auto keep = [&](std::size_t v, const ScanTest& test) {
                if (test.tested && test.neg_log10_p >= least_)
                    found.push_back(
                        {m.trait, m.phase, block.first_variant() + v, variants[v].position, test});
            };
            if (!rows.empty()) m.model->test_rows(rows, tests);
            for (std::size_t r = 0; r < rows.size(); ++r)
                keep(dense[r], tests[r]);
            for (const std::size_t v : chosen) {
                if (block.has_dosages(v)) {
                    block.unpack_dosages(v, dosages);
                    keep(v, m.model->test_dosages(dosages));
                } else if (block.is_carrier_list(v)) {
                    keep(v, m.model->test_carriers(block.carriers(v)));
                }
            }
        }
    }

    const std::vector<Models::One>& models_;
    std::size_t samples_;
    SampleMask everybody_;
    double frequency_min_, least_;
    std::vector<Candidate> candidates_;
    std::vector<Chromosome> stretches_;
};

std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    return std::max(block,
                    std::min<std::uint64_t>(65536, (std::uint64_t{1} << 26) / row) / block * block);
}

Parts scan_all(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
               std::span<const VariantRange> units, RunContext& context) {
    const std::size_t passes = (cohort.traits.size() + traits_per_pass - 1) / traits_per_pass;
    const std::uint64_t step = read_length(genotypes);
    Models models(params, cohort);
    return context.for_each_unit(
        "scan", passes * units.size(), [&](std::uint64_t u, PartWriter& part) {
            const VariantRange unit = units[u % units.size()];
            UnitScan scan(params, models.of_pass(u / units.size()), cohort.size());
            VariantBlock block;
            for (std::uint64_t begin = unit.begin; begin < unit.end; begin += step) {
                const VariantRange range{begin, std::min(unit.end, begin + step)};
                std::vector<std::uint8_t> pass;
                if (context.has_input("quality"))
                    pass = variant_marks(H5File::open(context.input("quality")), range, "pass");
                genotypes.read(range, block);
                scan.add(block, genotypes.variants(range), pass);
            }
            part.write(scan.candidates());
            part.write(scan.stretches());
        });
}

/// Autosomes in store order; a chromosome that comes back is joined only to its neighbour.
std::vector<Chromosome> join_stretches(const Parts& scans, std::size_t units) {
    std::vector<Chromosome> all;
    for (std::uint64_t u = 0; u < units; ++u) {
        const TableData table = scans.open(u).read("stretches");
        const auto& names = table.column<std::string>("chromosome");
        for (std::size_t k = 0; k < names.size(); ++k) {
            const VariantRange range{table.column<std::uint64_t>("begin")[k],
                                     table.column<std::uint64_t>("end")[k]};
            if (all.empty() || all.back().name != names[k]) all.push_back({names[k], range});
            all.back().range.end = range.end;
        }
    }
    return all;
}

/// Candidates of one trait on one chromosome, by variant and phase.
std::vector<Candidate> read_candidates(const Parts& scans, std::span<const VariantRange> units,
                                       std::size_t trait, VariantRange range) {
    std::vector<Candidate> out;
    const std::size_t first = trait / traits_per_pass * units.size();
    for (std::size_t u = 0; u < units.size(); ++u) {
        if (units[u].end <= range.begin || units[u].begin >= range.end) continue;
        const TableData table = scans.open(first + u).read("candidates");
        const auto& traits = table.column<std::uint32_t>("trait");
        const auto& variants = table.column<std::uint64_t>("variant");
        for (std::size_t k = 0; k < traits.size(); ++k) {
            if (traits[k] != trait || variants[k] < range.begin || variants[k] >= range.end)
                continue;
            out.push_back(
                {traits[k],
                 table.column<std::uint32_t>("phase")[k],
                 variants[k],
                 table.column<std::uint32_t>("position")[k],
                 {true, table.column<double>("beta")[k], table.column<double>("neg_log10_p")[k],
                  table.column<double>("alt_frequency")[k]}});
        }
    }
    std::sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
        return a.variant != b.variant ? a.variant < b.variant : a.phase < b.phase;
    });
    return out;
}

/// At most `most` of the members, evenly.
std::vector<std::uint32_t> ld_members(const std::vector<std::uint8_t>& members, std::size_t most) {
    std::vector<std::uint32_t> all, out;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (members[i] != 0) all.push_back(static_cast<std::uint32_t>(i));
    if (all.size() <= most) return all;
    for (std::size_t k = 0; k < most; ++k)
        out.push_back(all[k * all.size() / most]);
    return out;
}

/// Candidates of one phase with their LD rows.
struct PhaseClump {
    LdRows rows;
    std::vector<ClumpCandidate> candidates;
    std::vector<Candidate> origin;
};

TableData clump_chromosome(const RiskParams& params, const Cohort& cohort,
                           const GenotypeSource& genotypes, std::size_t trait,
                           std::span<const Candidate> candidates) {
    const auto folds = static_cast<unsigned>(params.tuning_folds);
    TableData table(index_table());
    if (candidates.empty()) return table;
    const auto outcome = cohort.outcome(cohort.traits[trait]);
    std::vector<PhaseClump> phases;
    for (unsigned phase = 0; phase <= folds; ++phase)
        phases.push_back({LdRows(ld_members(cohort.training(outcome, phase, folds),
                                            static_cast<std::size_t>(params.ld_samples_max))),
                          {},
                          {}});
    std::vector<std::uint64_t> variants;
    for (const Candidate& c : candidates)
        if (variants.empty() || variants.back() != c.variant) variants.push_back(c.variant);
    std::size_t next = 0;
    for_each_variant(genotypes, variants, [&](std::size_t i, const VisitedVariant& variant) {
        for (; next < candidates.size() && candidates[next].variant == variants[i]; ++next) {
            PhaseClump& p = phases[candidates[next].phase];
            p.rows.add(variant.calls);
            p.candidates.push_back({candidates[next].position, candidates[next].test.neg_log10_p});
            p.origin.push_back(candidates[next]);
        }
    });
    const ClumpRule rule{.window_bp = static_cast<std::uint32_t>(1000 * params.clump_kb),
                         .r2_min = params.clump_r2};
    for (const PhaseClump& p : phases) {
        for (const std::size_t k : clump(p.candidates, p.rows, rule)) {
            table.column<std::uint32_t>("phase").push_back(p.origin[k].phase);
            table.column<std::uint64_t>("variant").push_back(p.origin[k].variant);
            table.column<double>("beta").push_back(p.origin[k].test.beta);
            table.column<double>("neg_log10_p").push_back(p.origin[k].test.neg_log10_p);
            table.column<double>("alt_frequency").push_back(p.origin[k].test.alt_frequency);
        }
    }
    return table;
}

} // namespace

void for_each_variant(const GenotypeSource& genotypes, std::span<const std::uint64_t> variants,
                      const std::function<void(std::size_t, const VisitedVariant&)>& visit) {
    const std::uint64_t block_variants = std::max<std::uint64_t>(1, genotypes.block_variants());
    std::vector<std::uint8_t> row(packed_bytes(genotypes.samples().size()));
    std::vector<Dosage> dosages(genotypes.samples().size());
    VariantBlock block;
    for (std::size_t begin = 0; begin < variants.size();) {
        std::size_t end = begin + 1;
        while (end < variants.size() &&
               variants[end] / block_variants == variants[begin] / block_variants)
            ++end;
        genotypes.read({variants[begin], variants[end - 1] + 1}, block);
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t v = variants[i] - variants[begin];
            block.unpack(v, row);
            const bool has_dosages = block.has_dosages(v);
            if (has_dosages) block.unpack_dosages(v, dosages);
            visit(i, {.calls = row,
                      .dosages = has_dosages ? std::span<const Dosage>(dosages)
                                             : std::span<const Dosage>()});
        }
        begin = end;
    }
}

std::vector<std::vector<IndexVariant>> Discovery::index_variants(std::size_t trait,
                                                                 unsigned folds) const {
    std::vector<std::vector<IndexVariant>> phases(folds + 1);
    for (std::size_t c = 0; c < chromosomes_.size(); ++c) {
        const TableData table = clumps_.open(trait * chromosomes_.size() + c).read("index");
        const auto& phase = table.column<std::uint32_t>("phase");
        for (std::size_t k = 0; k < phase.size(); ++k)
            phases[phase[k]].push_back(
                {table.column<std::uint64_t>("variant")[k], table.column<double>("beta")[k],
                 table.column<double>("neg_log10_p")[k], table.column<double>("alt_frequency")[k]});
    }
    return phases;
}

Discovery discover(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
                   RunContext& context) {
    const auto units =
        variant_units(genotypes.variant_count(), cohort.size(), genotypes.block_variants());
    const Parts scans = scan_all(params, cohort, genotypes, units, context);
    auto chromosomes = read_once(context.comm(), "reading the chromosomes",
                                 [&] { return join_stretches(scans, units.size()); });
    const Parts clumps = context.for_each_unit(
        "clump", cohort.traits.size() * chromosomes.size(), [&](std::uint64_t u, PartWriter& part) {
            const std::size_t trait = u / chromosomes.size();
            const Chromosome& chromosome = chromosomes[u % chromosomes.size()];
            const auto candidates = read_candidates(scans, units, trait, chromosome.range);
            part.write(clump_chromosome(params, cohort, genotypes, trait, candidates));
        });
    return Discovery(std::move(chromosomes), clumps);
}

} // namespace salus::risk

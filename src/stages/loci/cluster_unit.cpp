#include "stages/loci/cluster_unit.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"
#include "models/clumping.hpp"

#include <algorithm>
#include <cmath>

namespace salus::loci {
namespace {

constexpr std::size_t candidates_at_once = 1024;

/// The clump that a variant of the region is in.
struct Clumps {
    std::vector<std::size_t> candidates; // of the region
    std::vector<ClumpPlace> places;      // [candidate], index: a candidate
    std::vector<std::size_t> index_variants() const {
        std::vector<std::size_t> index;
        for (std::size_t k = 0; k < places.size(); ++k)
            if (places[k].index == k) index.push_back(candidates[k]);
        return index;
    }
};

// At most `most` of the members, evenly; only males on Y.
std::vector<std::uint32_t> ld_members(const Members& members, const SampleTable& samples,
                                      bool males_only, std::size_t most) {
    std::vector<std::uint32_t> all, some;
    for (std::size_t k = 0; k < members.size(); ++k)
        if (!males_only || samples.sex[members.samples[k]] == Sex::male)
            all.push_back(static_cast<std::uint32_t>(k));
    if (all.size() <= most) return all;
    for (std::size_t k = 0; k < most; ++k)
        some.push_back(all[k * all.size() / most]);
    return some;
}

Clumps clump_region(const LociInput& input, const Region& region, const Members& members,
                    bool males_only) {
    const LociParams& params = input.params;
    const double least = -std::log10(std::max(params.p_max, params.clump_p_max));
    Clumps clumps;
    std::vector<ClumpCandidate> candidates;
    for (std::size_t v = 0; v < region.size(); ++v) {
        if (!region.tested(v) || region.neg_log10_p[v] < least) continue;
        clumps.candidates.push_back(v);
        candidates.push_back({region.variants[v].position, region.neg_log10_p[v]});
    }
    LdRows rows(ld_members(members, input.genotypes.samples(), males_only,
                           static_cast<std::size_t>(params.ld_samples_max)));
    for (std::size_t begin = 0; begin < clumps.candidates.size(); begin += candidates_at_once) {
        std::vector<std::uint64_t> wanted;
        const std::size_t end = std::min(clumps.candidates.size(), begin + candidates_at_once);
        for (std::size_t k = begin; k < end; ++k)
            wanted.push_back(region.first_row + clumps.candidates[k]);
        LocusGenotypes some(members);
        some.load(input.genotypes, wanted);
        for (std::size_t k = 0; k < wanted.size(); ++k)
            rows.add(some.calls(k));
    }
    const ClumpRule rule{.window_bp = static_cast<std::uint32_t>(1000 * params.clump_kb),
                         .r2_min = params.clump_r2};
    clumps.places = clump_members(candidates, rows, rule, -std::log10(params.p_max));
    return clumps;
}

/// The tables of a part, filled locus by locus.
class Writer {
public:
    Writer(const LociInput& input, const Cluster& cluster, const Region& region,
           const LocusTrait& trait)
        : input_(input), cluster_(cluster), region_(region), trait_(trait) {}
    void add_locus(const Window& window, const Clumps& clumps);
    void write(PartWriter& part) const {
        for (const TableData* table : {&loci_, &clumps_, &members_, &signals_, &sets_, &variants_})
            part.write(*table);
    }

private:
    void begin_row(TableData& table) {
        table.column<std::string>("trait").push_back(input_.traits[cluster_.trait].name);
        table.column<std::string>("locus").push_back(locus_);
    }
    // `v` is of the region.
    void begin_row(TableData& table, std::size_t v) {
        begin_row(table);
        const Variant& variant = region_.variants[v];
        table.column<std::uint64_t>("variant").push_back(region_.first_row + v);
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(shown_text(variant.id));
        table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
        table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
    }
    static void number(TableData& table, const char* name, double value) {
        table.column<double>(name).push_back(value);
    }
    void add_clumps(const Window& window, const Clumps& clumps);
    void add_signals(const Stepwise& stepwise, std::span<const std::size_t> tested);
    void add_sets(const SusieFit& fit, std::span<const std::size_t> tested);
    void add_variants(const LocusVariants& variants, std::size_t index, const FineMapping& fine,
                      std::span<const std::size_t> tested);
    void add_summary(const Window& window, std::size_t index, std::size_t tested,
                     const Stepwise& stepwise, const FineMapping& fine);

    const LociInput& input_;
    const Cluster& cluster_;
    const Region& region_;
    const LocusTrait& trait_;
    std::string locus_;
    TableData loci_{loci_table()}, clumps_{loci_clumps_table()},
        members_{loci_clump_members_table()}, signals_{loci_signals_table()},
        sets_{loci_credible_sets_table()}, variants_{loci_variants_table()};
};

void Writer::add_clumps(const Window& window, const Clumps& clumps) {
    for (const std::size_t index : window.index_variants) {
        const auto at = std::lower_bound(clumps.candidates.begin(), clumps.candidates.end(), index);
        const auto own = static_cast<std::size_t>(at - clumps.candidates.begin());
        std::uint64_t count = 0;
        std::uint32_t start = region_.variants[index].position, end = start;
        for (std::size_t k = 0; k < clumps.places.size(); ++k) {
            if (clumps.places[k].index != own || k == own) continue;
            const std::size_t v = clumps.candidates[k];
            ++count;
            start = std::min(start, region_.variants[v].position);
            end = std::max(end, region_.variants[v].position);
            begin_row(members_, v);
            members_.column<std::uint64_t>("index_variant").push_back(region_.first_row + index);
            number(members_, "neg_log10_p", region_.neg_log10_p[v]);
            number(members_, "r2", clumps.places[k].r2);
        }
        begin_row(clumps_, index);
        number(clumps_, "neg_log10_p", region_.neg_log10_p[index]);
        clumps_.column<std::uint64_t>("members").push_back(count);
        clumps_.column<std::uint32_t>("start").push_back(start);
        clumps_.column<std::uint32_t>("end").push_back(end);
    }
}

void Writer::add_signals(const Stepwise& stepwise, std::span<const std::size_t> tested) {
    for (std::size_t s = 0; s < stepwise.signals.size(); ++s) {
        const Signal& signal = stepwise.signals[s];
        const std::size_t v = tested[signal.variant];
        begin_row(signals_, v);
        signals_.column<std::uint32_t>("step").push_back(static_cast<std::uint32_t>(s + 1));
        number(signals_, "effect_allele_frequency", region_.frequency[v]);
        const auto add = [&](const std::string& kind, const auto& effect) {
            number(signals_, (kind + "_beta").c_str(), effect.beta);
            number(signals_, (kind + "_standard_error").c_str(), effect.standard_error);
            number(signals_, (kind + "_neg_log10_p").c_str(), effect.neg_log10_p);
        };
        add("marginal", signal.marginal);
        add("conditional", signal.conditional);
        add("joint", signal.joint);
    }
}

void Writer::add_sets(const SusieFit& fit, std::span<const std::size_t> tested) {
    for (std::size_t s = 0; s < fit.sets.size(); ++s) {
        const CredibleSet& set = fit.sets[s];
        begin_row(sets_, tested[set.lead]);
        sets_.column<std::uint32_t>("set").push_back(static_cast<std::uint32_t>(s + 1));
        sets_.column<std::uint64_t>("size").push_back(set.variants.size());
        number(sets_, "coverage", set.coverage);
        number(sets_, "purity", set.purity);
        number(sets_, "mean_correlation", set.mean_correlation);
        number(sets_, "lead_pip", fit.pip[set.lead]);
        number(sets_, "log_bayes_factor", set.log_bayes_factor);
    }
}

void Writer::add_variants(const LocusVariants& variants, std::size_t index, const FineMapping& fine,
                          std::span<const std::size_t> tested) {
    std::vector<std::uint32_t> set_of(tested.size(), 0);
    for (std::size_t s = fine.fit.sets.size(); s-- > 0;)
        for (const std::size_t v : fine.fit.sets[s].variants)
            set_of[v] = static_cast<std::uint32_t>(s + 1);
    const std::vector<std::vector<double>> column{variants.genotypes(index)};
    const GenotypeSums sums = variants.sums(column, {});
    for (std::size_t k = 0; k < tested.size(); ++k) {
        const std::size_t v = tested[k];
        begin_row(variants_, v);
        number(variants_, "effect_allele_frequency", region_.frequency[v]);
        number(variants_, "neg_log10_p", region_.neg_log10_p[v]);
        number(variants_, "beta", region_.beta[v]);
        number(variants_, "standard_error", region_.standard_error[v]);
        number(variants_, "pip", fine.fit.pip.empty() ? nan : fine.fit.pip[k]);
        variants_.column<std::uint32_t>("credible_set").push_back(set_of[k]);
        const double product = sums.of(k)[0], squares = sums.squares[k] * sums.squares[index];
        number(variants_, "r2", squares > 0 ? std::min(1.0, product * product / squares) : 0);
    }
}

void Writer::add_summary(const Window& window, std::size_t index, std::size_t tested,
                         const Stepwise& stepwise, const FineMapping& fine) {
    begin_row(loci_);
    const auto words = [&](const char* name, std::string value) {
        loci_.column<std::string>(name).push_back(std::move(value));
    };
    const auto count = [&](const char* name, std::size_t value) {
        loci_.column<std::uint64_t>(name).push_back(value);
    };
    const bool mapped = !fine.fit.pip.empty();
    words("chromosome", cluster_.chromosome);
    loci_.column<std::uint32_t>("start").push_back(window.start);
    loci_.column<std::uint32_t>("end").push_back(window.end);
    count("index_variant", region_.first_row + index);
    words("index_variant_id", shown_text(region_.variants[index].id));
    loci_.column<std::uint32_t>("index_position").push_back(region_.variants[index].position);
    number(loci_, "neg_log10_p", region_.neg_log10_p[index]);
    number(loci_, "beta", region_.beta[index]);
    number(loci_, "standard_error", region_.standard_error[index]);
    count("variants", tested);
    count("clumps", window.index_variants.size());
    count("signals", stepwise.signals.size());
    count("credible_sets", fine.fit.sets.size());
    const bool hla = overlaps_hla(input_.genotypes.genome_build(), cluster_.chromosome,
                                  window.start, window.end);
    loci_.column<std::uint8_t>("hla").push_back(hla ? 1 : 0);
    loci_.column<std::uint8_t>("conditional_status")
        .push_back(static_cast<std::uint8_t>(stepwise.status));
    loci_.column<std::uint8_t>("fine_mapping_status")
        .push_back(static_cast<std::uint8_t>(fine.status));
    number(loci_, "residual_variance", mapped ? fine.fit.residual_variance : nan);
    number(loci_, "elbo", mapped ? fine.fit.elbo : nan);
    loci_.column<std::uint32_t>("iterations")
        .push_back(static_cast<std::uint32_t>(fine.fit.iterations));
}

void Writer::add_locus(const Window& window, const Clumps& clumps) {
    locus_ = text(cluster_.chromosome, ":", window.start, "-", window.end);
    std::vector<std::size_t> tested;
    std::vector<std::uint64_t> rows;
    std::size_t index = 0; // of the tested variants
    for (std::size_t v = 0; v < region_.size(); ++v) {
        const std::uint32_t position = region_.variants[v].position;
        if (position < window.start || position > window.end || !region_.tested(v)) continue;
        tested.push_back(v);
        rows.push_back(region_.first_row + v);
        if (region_.neg_log10_p[v] > region_.neg_log10_p[tested[index]]) index = tested.size() - 1;
    }
    const bool males =
        association::ploidy_of(region_.variants[tested[index]], input_.genotypes.genome_build()) ==
        association::Ploidy::y;
    const LocusVariants variants(input_.genotypes, trait_.members, std::move(rows),
                                 static_cast<std::size_t>(input_.params.fine_map_variants_max));
    Stepwise stepwise;
    FineMapping fine;
    if (males) {
        stepwise.status = fine.status = StepStatus::chromosome_y;
    } else {
        stepwise = find_signals(variants, index, trait_.model, input_.params);
        fine = fine_map(variants, stepwise, trait_.model, input_.params);
    }
    add_summary(window, tested[index], tested.size(), stepwise, fine);
    add_clumps(window, clumps);
    add_signals(stepwise, tested);
    add_sets(fine.fit, tested);
    add_variants(variants, index, fine, tested);
}

} // namespace

void write_cluster(const LociInput& input, const Cluster& cluster, const LocusTrait& trait,
                   PartWriter& part) {
    const Region region = read_region(input.genotypes, input.association,
                                      input.traits[cluster.trait], cluster, reach_of(input.params));
    const bool males =
        association::ploidy_of(region.variants[cluster.first_row - region.first_row],
                               input.genotypes.genome_build()) == association::Ploidy::y;
    const Clumps clumps = clump_region(input, region, trait.members, males);
    Writer writer(input, cluster, region, trait);
    for (const Window& window :
         merge_windows(region, clumps.index_variants(),
                       static_cast<std::uint32_t>(1000 * input.params.locus_kb)))
        writer.add_locus(window, clumps);
    writer.write(part);
}

} // namespace salus::loci

#include "stages/score/matching.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace salus::score {
namespace {

struct Orientation {
    bool effect_is_alt, other_strand;
};

/// How the alleles of an entry and a variant fit together.
std::optional<Orientation> orientation(AlleleCode effect, AlleleCode other, const Site& site,
                                       bool strand_flips) noexcept {
    const auto fits = [&](AlleleCode e, AlleleCode o) -> std::optional<bool> {
        if (e == 0) return {};
        if (e == site.alt && (o == site.ref || other == 0)) return true;
        if (e == site.ref && (o == site.alt || other == 0)) return false;
        return {};
    };
    if (const auto alt = fits(effect, other)) return Orientation{*alt, false};
    if (!strand_flips) return {};
    if (const auto alt = fits(complement(effect), complement(other)))
        return Orientation{*alt, true};
    return {};
}

struct Matched {
    std::uint64_t row;
    std::size_t entry;
    bool effect_is_alt, x_linked;
};

void match_set(const MatchRules& rules, const H5File& set, std::span<const Site> sites,
               PartWriter& part) {
    const auto key = set.read_array<std::uint64_t>("key"),
               effect = set.read_array<std::uint64_t>("effect"),
               other = set.read_array<std::uint64_t>("other");
    const auto supported = set.read_array<std::uint8_t>("supported");
    const auto weights = set.read_array<double>("weights");
    MatchRules here = rules;
    if (set.read_array<std::uint8_t>("same_strand").front() != 0) here.drop_ambiguous = false;
    std::vector<std::uint64_t> count(fates, 0);
    std::vector<Matched> found;
    std::vector<Fate> fate(key.size());
    for (std::size_t i = 0; i < key.size(); ++i) {
        const Match match = supported[i] == 0
                                ? Match{.fate = Fate::unsupported}
                                : match_entry(effect[i], other[i], sites_of(sites, key[i]), here);
        fate[i] = match.fate;
        if (match.fate <= Fate::strand_flipped)
            found.push_back({match.row, i, match.effect_is_alt, match.x_linked});
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Matched& a, const Matched& b) { return a.row < b.row; });
    std::size_t kept = 0;
    for (const Matched& match : found) {
        if (kept > 0 && found[kept - 1].row == match.row)
            fate[match.entry] = Fate::duplicate;
        else
            found[kept++] = match;
    }
    found.resize(kept);
    for (const Fate f : fate)
        ++count[static_cast<std::size_t>(f)];
    const std::size_t columns = weights.size() / key.size();
    std::vector<double> whole(columns, 0.0), share(columns, 0.0), ordered;
    for (std::size_t i = 0; i < weights.size(); ++i)
        whole[i % columns] += std::fabs(weights[i]);
    std::vector<std::uint64_t> row;
    std::vector<std::uint8_t> alt, x;
    ordered.reserve(found.size() * columns);
    for (const Matched& match : found) {
        row.push_back(match.row);
        alt.push_back(match.effect_is_alt ? 1 : 0);
        x.push_back(match.x_linked ? 1 : 0);
        for (std::size_t c = 0; c < columns; ++c) {
            const double weight = weights[match.entry * columns + c];
            ordered.push_back(weight);
            share[c] += std::fabs(weight);
        }
    }
    for (std::size_t c = 0; c < columns; ++c)
        share[c] = whole[c] > 0 ? share[c] / whole[c] : 0;
    part.write_array<std::uint64_t>("row", row, {}, Compression::none);
    part.write_array<std::uint8_t>("effect_is_alt", alt, {}, Compression::none);
    part.write_array<std::uint8_t>("x_linked", x, {}, Compression::none);
    part.write_array<double>("weights", ordered, {row.size(), columns}, Compression::none);
    part.write_array<std::uint64_t>("count", count, {}, Compression::none);
    part.write_array<double>("weight_overlap", share, {}, Compression::none);
}

} // namespace

std::string_view to_string(Fate fate) noexcept {
    constexpr std::string_view names[fates] = {"matched",   "flipped",         "strand_flipped",
                                               "ambiguous", "allele_mismatch", "absent",
                                               "duplicate", "unsupported",     "left_out"};
    return names[static_cast<std::size_t>(fate)];
}

Match match_entry(AlleleCode effect, AlleleCode other, std::span<const Site> sites,
                  const MatchRules& rules) noexcept {
    Match match{.fate = sites.empty() ? Fate::absent : Fate::mismatch};
    int best = 0; // 4: as written, ALT; 3: as written, REF; 2, 1: on the other strand
    for (const Site& site : sites) {
        const auto fit = orientation(effect, other, site, rules.strand_flips);
        if (!fit) continue;
        const int rank = (fit->other_strand ? 0 : 2) + (fit->effect_is_alt ? 2 : 1);
        if (rank <= best) continue;
        best = rank;
        match.row = site.row;
        match.effect_is_alt = fit->effect_is_alt;
        match.x_linked = site.kind == SiteKind::x_linked;
        match.fate = fit->other_strand    ? Fate::strand_flipped
                     : fit->effect_is_alt ? Fate::matched
                                          : Fate::flipped;
        const bool left_out =
            site.kind == SiteKind::haploid || (match.x_linked && !rules.include_x);
        if (left_out)
            match.fate = Fate::left_out;
        else if (rules.drop_ambiguous && site.ref == complement(site.alt))
            match.fate = Fate::ambiguous;
    }
    return match;
}

std::uint64_t Tally::entries() const noexcept {
    return std::accumulate(count.begin(), count.end(), std::uint64_t{0});
}

double Tally::overlap() const noexcept {
    return static_cast<double>(used()) / static_cast<double>(entries());
}

Tally read_tally(const H5File& part) {
    const auto count = part.read_array<std::uint64_t>("count");
    Tally tally;
    std::copy(count.begin(), count.end(), tally.count.begin());
    return tally;
}

std::vector<double> read_weight_overlap(const H5File& part) {
    return part.read_array<double>("weight_overlap");
}

Parts match_sets(const ScoreParams& params, const ScoreSets& sets, std::span<const Site> sites,
                 RunContext& context) {
    const MatchRules rules{.drop_ambiguous = params.ambiguous == "drop",
                           .strand_flips = params.strand_flips,
                           .include_x = params.include_x};
    return context.for_each_unit("match", sets.parts.size(),
                                 [&](std::uint64_t s, PartWriter& part) {
                                     match_set(rules, sets.parts.open(s), sites, part);
                                 });
}

std::vector<UsedRow> used_rows(const Parts& matches, std::span<const std::uint8_t> chosen) {
    std::vector<UsedRow> all, merged, some;
    const auto before = [](const UsedRow& a, const UsedRow& b) { return a.row < b.row; };
    for (std::uint64_t s = 0; s < matches.size(); ++s) {
        if (chosen[s] == 0) continue;
        const H5File part = matches.open(s);
        const auto row = part.read_array<std::uint64_t>("row");
        const auto x = part.read_array<std::uint8_t>("x_linked");
        some.clear();
        for (std::size_t i = 0; i < row.size(); ++i)
            some.push_back({row[i], x[i] != 0});
        merged.clear();
        std::set_union(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(merged),
                       before);
        all.swap(merged);
    }
    return all;
}

} // namespace salus::score

#include "stages/meta_analysis/matching.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace salus::meta {
namespace {

void swap_alleles(Row& row) noexcept {
    row.beta = -row.beta;
    row.z = -row.z;
    row.frequency = 1 - row.frequency;
    std::swap(row.effect, row.other);
}

class Matcher {
public:
    Matcher(const MatchOptions& options, std::span<MatchCounts> counts)
        : options_(options), counts_(counts) {}

    std::vector<Variant> match(std::vector<Row> rows) {
        std::stable_sort(rows.begin(), rows.end(),
                         [](const Row& a, const Row& b) { return a.study < b.study; });
        std::map<std::string, std::vector<Row>> groups;
        for (const Row& row : rows)
            groups[allele_key(row.effect, row.other, options_.one_strand)].push_back(row);
        for (auto& [key, group] : groups)
            drop_repeated(group);
        join_longer(groups);
        std::vector<Variant> variants;
        for (auto& [key, group] : groups)
            if (!group.empty()) align(std::move(group), variants);
        std::stable_sort(variants.begin(), variants.end(), [](const Variant& a, const Variant& b) {
            return std::pair(a.other, a.effect) < std::pair(b.other, b.effect);
        });
        return variants;
    }

private:
    void drop(const Row& row, Reason reason) {
        ++counts_[row.study].dropped[static_cast<std::size_t>(reason)];
    }

    /// A variant that a study has twice is not known in this study.
    void drop_repeated(std::vector<Row>& group) {
        std::vector<Row> kept;
        for (std::size_t i = 0; i < group.size();) {
            std::size_t end = i + 1;
            while (end < group.size() && group[end].study == group[i].study)
                ++end;
            if (end == i + 1)
                kept.push_back(group[i]);
            else
                for (std::size_t k = i; k < end; ++k)
                    drop(group[k], Reason::repeated);
            i = end;
        }
        group = std::move(kept);
    }

    /// Longer alleles in the other order are the same variant if no study has both and the
    /// frequencies of all say so.
    void join_longer(std::map<std::string, std::vector<Row>>& groups) {
        for (auto& [key, group] : groups) {
            const auto mark = key.find('>');
            if (mark == std::string::npos || group.empty()) continue;
            const auto other = groups.find(key.substr(mark + 1) + '>' + key.substr(0, mark));
            if (other == groups.end() || other->first <= key || other->second.empty()) continue;
            auto& first = group.front().study < other->second.front().study ? group : other->second;
            auto& second = &first == &group ? other->second : group;
            if (!swapped_by_frequency(first, second)) continue;
            for (Row row : second) {
                swap_alleles(row);
                ++counts_[row.study].swapped;
                first.push_back(row);
            }
            std::stable_sort(first.begin(), first.end(),
                             [](const Row& a, const Row& b) { return a.study < b.study; });
            second.clear();
        }
    }

    bool swapped_by_frequency(const std::vector<Row>& first, const std::vector<Row>& second) const {
        return std::all_of(second.begin(), second.end(), [&](const Row& row) {
            const bool there_too = std::any_of(first.begin(), first.end(),
                                               [&](const Row& r) { return r.study == row.study; });
            return !there_too && match_frequency(row.frequency, first.front().frequency,
                                                 options_.frequency) == AlleleMatch::swapped;
        });
    }

    AlleleMatch compare(const Row& row, const Row& reference) const {
        switch (allele_kind(row.effect, row.other)) {
        case AlleleKind::palindromic:
            if (options_.one_strand)
                return row.effect == reference.effect ? AlleleMatch::same : AlleleMatch::swapped;
            return match_frequency(row.frequency, reference.frequency, options_.frequency);
        case AlleleKind::snv:
            return match_alleles(row.effect, reference.effect);
        default:
            return AlleleMatch::same;
        }
    }

    /// Rows of one key, one per study, turned to the effect allele of the first.
    void align(std::vector<Row> group, std::vector<Variant>& variants) {
        const Row reference = group.front();
        Variant variant{.chromosome = reference.chromosome,
                        .position = reference.position,
                        .effect = reference.effect,
                        .other = reference.other};
        if (!usable_reference(group)) {
            for (const Row& row : group)
                drop(row, Reason::palindromic);
            return;
        }
        for (Row& row : group) {
            const AlleleMatch match =
                &row == &group.front() ? AlleleMatch::same : compare(row, reference);
            if (match == AlleleMatch::unknown) {
                drop(row, Reason::palindromic);
                continue;
            }
            note(row, reference, match);
            if (match == AlleleMatch::swapped) swap_alleles(row);
            if (variant.id.empty()) variant.id = row.id;
            variant.rows.push_back(row);
        }
        keep_if_enough(std::move(variant), variants);
    }

    /// A palindromic variant in several studies needs a frequency of the first that tells.
    bool usable_reference(const std::vector<Row>& group) const {
        const Row& first = group.front();
        return group.size() == 1 || options_.one_strand ||
               allele_kind(first.effect, first.other) != AlleleKind::palindromic ||
               match_frequency(first.frequency, first.frequency, options_.frequency) ==
                   AlleleMatch::same;
    }

    void note(const Row& row, const Row& reference, AlleleMatch match) {
        MatchCounts& counts = counts_[row.study];
        if (match == AlleleMatch::swapped) ++counts.swapped;
        const AlleleKind kind = allele_kind(row.effect, row.other);
        const bool letters_differ = row.effect != reference.effect;
        if (kind == AlleleKind::snv)
            counts.other_strand += on_other_strand(row.effect, reference.effect, reference.other);
        else if (kind == AlleleKind::palindromic)
            counts.other_strand += letters_differ != (match == AlleleMatch::swapped);
    }

    void keep_if_enough(Variant variant, std::vector<Variant>& variants) {
        const bool enough = variant.rows.size() >= options_.studies_min;
        for (const Row& row : variant.rows)
            if (enough)
                ++counts_[row.study].used;
            else
                drop(row, Reason::too_few_studies);
        if (enough) variants.push_back(std::move(variant));
    }

    const MatchOptions& options_;
    std::span<MatchCounts> counts_;
};

} // namespace

std::vector<Variant> match_position(std::vector<Row> rows, const MatchOptions& options,
                                    std::span<MatchCounts> counts) {
    return Matcher(options, counts).match(std::move(rows));
}

} // namespace salus::meta

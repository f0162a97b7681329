#include "stages/kinship/pedigree.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace salus::relatedness {
namespace {

using Couple = std::pair<std::uint32_t, std::uint32_t>; // the lower index first
using Declared = std::map<Couple, std::string_view>;

Couple couple(std::uint32_t a, std::uint32_t b) { return std::minmax(a, b); }

/// Brothers and sisters through one kind of parent.
template <class Parent>
void declare_siblings(std::span<const DeclaredParents> parents, Parent parent, Declared& declared) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> children;
    for (std::uint32_t i = 0; i < parents.size(); ++i)
        if (parent(parents[i]) != no_parent) children[parent(parents[i])].push_back(i);
    for (const auto& [who, brood] : children)
        for (std::size_t a = 0; a < brood.size(); ++a)
            for (std::size_t b = a + 1; b < brood.size(); ++b) {
                const DeclaredParents &one = parents[brood[a]], &two = parents[brood[b]];
                const bool complete = one.father != no_parent && one.mother != no_parent &&
                                      two.father != no_parent && two.mother != no_parent;
                declared.try_emplace(couple(brood[a], brood[b]), !complete    ? "siblings"
                                                                 : one == two ? "full_siblings"
                                                                              : "half_siblings");
            }
}

Declared declare(std::span<const DeclaredParents> parents) {
    Declared declared;
    for (std::uint32_t i = 0; i < parents.size(); ++i)
        for (const std::uint32_t parent : {parents[i].father, parents[i].mother})
            if (parent != no_parent) declared[couple(i, parent)] = "parent_child";
    declare_siblings(
        parents, [](const DeclaredParents& p) { return p.father; }, declared);
    declare_siblings(
        parents, [](const DeclaredParents& p) { return p.mother; }, declared);
    return declared;
}

bool agree(std::string_view declared, std::string_view found) {
    if (declared == "half_siblings") return found == "second_degree";
    if (declared == "siblings") return found == "full_siblings" || found == "second_degree";
    return declared == found;
}

struct Row {
    Couple who;
    std::string_view declared, found;
    double kinship;
    bool agrees;
};

} // namespace

TableData check_pedigree(std::span<const DeclaredParents> parents,
                         std::span<const std::uint8_t> members, std::span<const PairFact> pairs,
                         std::span<const std::string> ids) {
    if (parents.empty()) return TableData(pedigree_checks_table()); // nothing is declared
    const Declared declared = declare(parents);
    std::map<Couple, const PairFact*> found;
    std::vector<Row> rows;
    for (const PairFact& pair : pairs) {
        const Couple who = couple(pair.first, pair.second);
        if (declared.contains(who))
            found.emplace(who, &pair);
        else if (pair.degree <= 1)
            rows.push_back({who, "none", pair.relation(), pair.kinship, false});
    }
    for (const auto& [who, word] : declared) {
        const auto at = found.find(who);
        if (at != found.end())
            rows.push_back({who, word, at->second->relation(), at->second->kinship,
                            agree(word, at->second->relation())});
        else if (members[who.first] != 0 && members[who.second] != 0)
            rows.push_back({who, word, "below_kinship_min", nan, false});
        else
            rows.push_back({who, word, "not_compared", nan, false});
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.who < b.who; });
    TableData table(pedigree_checks_table());
    for (const Row& row : rows) {
        table.column<std::string>("sample_1").push_back(ids[row.who.first]);
        table.column<std::string>("sample_2").push_back(ids[row.who.second]);
        table.column<std::string>("declared").emplace_back(row.declared);
        table.column<std::string>("found").emplace_back(row.found);
        table.column<double>("kinship").push_back(row.kinship);
        table.column<std::uint8_t>("agrees").push_back(row.agrees ? 1 : 0);
    }
    return table;
}

} // namespace salus::relatedness

#include "health/vocabulary.hpp"

#include "base/text.hpp"
#include "health/code_system.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace salus {

TableSpec concepts_table() {
    return {.name = "concepts",
            .row = "concept",
            .doc =
                "Concepts of the vocabulary that events use, and their ancestors; by concept_id.",
            .columns = {{"concept_id", ColumnType::u32, "1", "OMOP concept"},
                        {"code", ColumnType::text, "", "SYSTEM:code of the concept"},
                        {"domain", ColumnType::text, "", "what the concept describes"},
                        {"standard", ColumnType::u8, "1", "1: a standard concept"},
                        {"valid", ColumnType::u8, "1", "0: withdrawn or replaced"}}};
}

TableSpec concept_ancestors_table() {
    return {.name = "concept_ancestors",
            .row = "ancestry",
            .doc = "Concepts that events use, below their ancestors; by ancestor and descendant.",
            .columns = {{"descendant", ColumnType::u32, "1", "concept in use"},
                        {"ancestor", ColumnType::u32, "1", "concept that it lies below, or itself"},
                        {"levels", ColumnType::u32, "1", "fewest steps between them"}}};
}

TableSpec code_maps_table() {
    return {.name = "code_maps",
            .row = "map",
            .doc = "Codes that came without a concept, and the one that the vocabulary gave them.",
            .columns = {
                {"code", ColumnType::text, "", "SYSTEM:code as in codes"},
                {"concept_id", ColumnType::u32, "1", "standard concept; the smallest of several"},
                {"targets", ColumnType::u32, "1", "concepts that the code maps to"},
                {"rule", ColumnType::u8, "1",
                 "1: relationship Maps to, 2: source_to_concept_map of the site"}}};
}

std::string vocabulary_code(std::string_view system, std::string_view code) {
    const std::string name = normalise_system(system);
    const std::string_view written = trim(code);
    if (written.empty()) return {};
    if (name.empty() || name == "LOCAL") return text("LOCAL:", written);
    return text(name, ":", normalise_code(name, written).value_or(std::string(written)));
}

std::vector<std::uint32_t> Vocabulary::descendants(std::uint32_t ancestor) const {
    std::vector<std::uint32_t> out;
    const auto first = std::lower_bound(below_.begin(), below_.end(), Ancestry{ancestor, 0, 0});
    for (auto row = first; row != below_.end() && row->ancestor == ancestor; ++row)
        out.push_back(row->descendant);
    return out;
}

std::vector<std::uint32_t> Vocabulary::ancestors(std::uint32_t concept_id) const {
    std::vector<std::uint32_t> out;
    const auto first = std::lower_bound(
        above_.begin(), above_.end(), concept_id,
        [](const Ancestry& row, std::uint32_t wanted) { return row.descendant < wanted; });
    for (auto row = first; row != above_.end() && row->descendant == concept_id; ++row)
        out.push_back(row->ancestor);
    return out;
}

const Concept* Vocabulary::find(std::uint32_t concept_id) const {
    const auto found = concepts_.find(concept_id);
    return found == concepts_.end() ? nullptr : &found->second;
}

std::optional<CodeMap> Vocabulary::maps_to(std::string_view code) const {
    const auto found = maps_.find(code);
    if (found == maps_.end()) return std::nullopt;
    return found->second;
}

void Vocabulary::sort() {
    std::sort(below_.begin(), below_.end());
    const auto same = [](const Ancestry& a, const Ancestry& b) {
        return a.ancestor == b.ancestor && a.descendant == b.descendant;
    };
    below_.erase(std::unique(below_.begin(), below_.end(), same), below_.end());
    above_ = below_;
    std::sort(above_.begin(), above_.end(), [](const Ancestry& a, const Ancestry& b) {
        return std::tie(a.descendant, a.levels, a.ancestor) <
               std::tie(b.descendant, b.levels, b.ancestor);
    });
}

std::vector<TableData> Vocabulary::tables() const {
    TableData concepts(concepts_table()), ancestry(concept_ancestors_table()),
        maps(code_maps_table());
    for (const auto& [id, entry] : concepts_) {
        concepts.column<std::uint32_t>("concept_id").push_back(id);
        concepts.column<std::string>("code").push_back(entry.code);
        concepts.column<std::string>("domain").push_back(entry.domain);
        concepts.column<std::uint8_t>("standard").push_back(entry.standard ? 1 : 0);
        concepts.column<std::uint8_t>("valid").push_back(entry.valid ? 1 : 0);
    }
    for (const Ancestry& row : below_) {
        ancestry.column<std::uint32_t>("descendant").push_back(row.descendant);
        ancestry.column<std::uint32_t>("ancestor").push_back(row.ancestor);
        ancestry.column<std::uint32_t>("levels").push_back(row.levels);
    }
    for (const auto& [code, map] : maps_) {
        maps.column<std::string>("code").push_back(code);
        maps.column<std::uint32_t>("concept_id").push_back(map.concept_id);
        maps.column<std::uint32_t>("targets").push_back(map.targets);
        maps.column<std::uint8_t>("rule").push_back(static_cast<std::uint8_t>(map.rule));
    }
    std::vector<TableData> out;
    out.push_back(std::move(concepts));
    out.push_back(std::move(ancestry));
    out.push_back(std::move(maps));
    return out;
}

Vocabulary Vocabulary::read_from(const H5File& file) {
    Vocabulary out;
    if (!file.exists(concepts_table().name)) return out;
    const TableData concepts = file.read(concepts_table().name),
                    ancestry = file.read(concept_ancestors_table().name),
                    maps = file.read(code_maps_table().name);
    for (std::size_t i = 0; i < concepts.rows(); ++i)
        out.concepts_[concepts.column<std::uint32_t>("concept_id")[i]] = {
            .code = concepts.column<std::string>("code")[i],
            .domain = concepts.column<std::string>("domain")[i],
            .standard = concepts.column<std::uint8_t>("standard")[i] != 0,
            .valid = concepts.column<std::uint8_t>("valid")[i] != 0};
    for (std::size_t i = 0; i < ancestry.rows(); ++i)
        out.below_.push_back({ancestry.column<std::uint32_t>("ancestor")[i],
                              ancestry.column<std::uint32_t>("descendant")[i],
                              ancestry.column<std::uint32_t>("levels")[i]});
    for (std::size_t i = 0; i < maps.rows(); ++i)
        out.maps_[maps.column<std::string>("code")[i]] = {
            .concept_id = maps.column<std::uint32_t>("concept_id")[i],
            .targets = maps.column<std::uint32_t>("targets")[i],
            .rule = static_cast<MapRule>(maps.column<std::uint8_t>("rule")[i])};
    out.sort();
    return out;
}

VocabularyBuilder::VocabularyBuilder(std::span<const CodeEntry> in_use) {
    for (const CodeEntry& entry : in_use) {
        if (entry.concept_id != 0)
            used_.insert(entry.concept_id);
        else
            unmapped_.insert(entry.code);
    }
}

void VocabularyBuilder::find_source(std::uint32_t concept_id, std::string_view system,
                                    std::string_view code) {
    const auto found = unmapped_.find(vocabulary_code(system, code));
    if (found != unmapped_.end()) sources_.emplace(concept_id, *found);
}

void VocabularyBuilder::add_source_map(std::string_view system, std::string_view code,
                                       std::uint32_t target) {
    if (target == 0) return;
    for (const std::string& name : {vocabulary_code(system, code), vocabulary_code({}, code)})
        if (unmapped_.contains(name)) {
            by_site_[name].insert(target);
            return;
        }
}

void VocabularyBuilder::add_maps_to(std::uint32_t source, std::uint32_t target) {
    if (target == 0) return;
    if (const auto found = sources_.find(source); found != sources_.end())
        by_relation_[found->second].insert(target);
}

/// Concepts that codes map to are in use too, once all maps are there.
void VocabularyBuilder::settle_maps() {
    if (settled_) return;
    settled_ = true;
    const auto take = [&](const std::map<std::string, Targets>& maps, MapRule rule) {
        for (const auto& [code, targets] : maps) {
            const CodeMap map{.concept_id = *targets.begin(),
                              .targets = static_cast<std::uint32_t>(targets.size()),
                              .rule = rule};
            if (result_.maps_.try_emplace(code, map).second) used_.insert(map.concept_id);
        }
    };
    take(by_site_, MapRule::source_to_concept_map);
    take(by_relation_, MapRule::maps_to);
    kept_ = used_;
}

void VocabularyBuilder::add_ancestor(std::uint32_t ancestor, std::uint32_t descendant,
                                     std::uint32_t levels) {
    settle_maps();
    if (!used_.contains(descendant)) return;
    result_.below_.push_back({ancestor, descendant, levels});
    kept_.insert(ancestor);
}

bool VocabularyBuilder::wants(std::uint32_t concept_id) const { return kept_.contains(concept_id); }

void VocabularyBuilder::add_concept(std::uint32_t concept_id, Concept entry) {
    settle_maps();
    if (kept_.contains(concept_id))
        result_.concepts_.insert_or_assign(concept_id, std::move(entry));
}

std::vector<std::uint32_t> VocabularyBuilder::unknown() const {
    std::vector<std::uint32_t> out;
    for (const std::uint32_t id : used_)
        if (!result_.concepts_.contains(id)) out.push_back(id);
    return out;
}

Vocabulary VocabularyBuilder::finish() {
    settle_maps();
    for (const std::uint32_t id : used_) // a table may leave out that a concept lies below itself
        result_.below_.push_back({id, id, 0});
    result_.sort();
    return std::move(result_);
}

} // namespace salus

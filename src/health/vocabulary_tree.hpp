#pragma once

#include "health/code_set.hpp"
#include "health/event_store.hpp"
#include "health/vocabulary.hpp"

#include <map>
#include <optional>
#include <vector>

namespace salus {

/// The vocabulary of an event store as a tree for code sets.
class VocabularyTree : public ConceptTree {
public:
    explicit VocabularyTree(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
    bool is_below(std::uint32_t concept_id, std::uint32_t ancestor) const override;

private:
    Vocabulary vocabulary_;
    mutable std::map<std::uint32_t, std::vector<std::uint32_t>> below_; // [ancestor], as asked for
};

/// Codes and units of a store with its vocabulary, if it has one: codes that came without a concept
/// get the one to which the vocabulary maps them. What is given must live as long.
class DictionaryOfStore {
public:
    explicit DictionaryOfStore(const EventStore& store);
    DictionaryOfStore(const StoreDictionary& plain, Vocabulary vocabulary);
    DictionaryOfStore(const DictionaryOfStore&) = delete;

    StoreDictionary dictionary() const noexcept {
        return {plain_.codes, concepts_, plain_.units, tree_ ? &*tree_ : nullptr};
    }

private:
    StoreDictionary plain_;
    std::vector<std::uint32_t> concepts_; // [code]
    std::optional<VocabularyTree> tree_;
};

} // namespace salus

#include "health/vocabulary_tree.hpp"

#include <algorithm>

namespace salus {

bool VocabularyTree::is_below(std::uint32_t concept_id, std::uint32_t ancestor) const {
    if (concept_id == ancestor) return true;
    const auto [known, fresh] = below_.try_emplace(ancestor);
    if (fresh) known->second = vocabulary_.descendants(ancestor);
    return std::binary_search(known->second.begin(), known->second.end(), concept_id);
}

DictionaryOfStore::DictionaryOfStore(const EventStore& store)
    : DictionaryOfStore({store.codes(), store.concepts(), store.units()},
                        Vocabulary::read_from(store.file())) {}

DictionaryOfStore::DictionaryOfStore(const StoreDictionary& plain, Vocabulary vocabulary)
    : plain_(plain), concepts_(plain.concepts.begin(), plain.concepts.end()) {
    if (vocabulary.concepts().empty()) return;
    for (std::size_t c = 0; c < concepts_.size(); ++c)
        if (concepts_[c] == 0)
            if (const auto found = vocabulary.maps_to(plain.codes[c]))
                concepts_[c] = found->concept_id;
    tree_.emplace(std::move(vocabulary));
}

} // namespace salus

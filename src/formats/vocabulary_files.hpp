#pragma once

#include "health/vocabulary.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace salus {

/// Reads a vocabulary folder: the tables concept, and if there concept_ancestor,
/// concept_relationship ("Maps to") and source_to_concept_map, as .csv or .tsv, plain, .gz or .zst,
/// names in any case. Keeps what the codes in use need. The files of the OHDSI vocabularies are
/// separated by tabs and have no quotes: in tab-separated files a quote is an ordinary character;
/// files with commas follow RFC 4180. Four passes at most, each over one file; memory O(concepts in
/// use + their ancestors). DataError for a folder without concept, missing columns, bad rows.
Vocabulary read_vocabulary(const std::filesystem::path& folder, std::span<const CodeEntry> in_use);
/// What one table `concept` says of the concepts in `wanted`. Rows that cannot be read are passed
/// over; without the columns vocabulary_id and concept_code the codes are empty. One pass; memory
/// O(wanted). DataError for other missing columns.
std::unordered_map<std::uint32_t, Concept>
read_concepts(const std::filesystem::path& table, const std::unordered_set<std::uint32_t>& wanted);
/// The same errors for what the folder and the headers show, without reading the tables.
void check_vocabulary(const std::filesystem::path& folder);

} // namespace salus

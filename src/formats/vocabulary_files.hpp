#pragma once

#include "health/vocabulary.hpp"

#include <filesystem>
#include <span>

namespace salus {

/// Reads a vocabulary folder: the tables concept, and if there concept_ancestor,
/// concept_relationship ("Maps to") and source_to_concept_map, as .csv or .tsv, plain, .gz or .zst,
/// names in any case. Keeps what the codes in use need. The files of the OHDSI vocabularies are
/// separated by tabs and have no quotes: in tab-separated files a quote is an ordinary character;
/// files with commas follow RFC 4180. Four passes at most, each over one file; memory O(concepts in
/// use + their ancestors). DataError for a folder without concept, missing columns, bad rows.
Vocabulary read_vocabulary(const std::filesystem::path& folder, std::span<const CodeEntry> in_use);
/// The same errors for what the folder and the headers show, without reading the tables.
void check_vocabulary(const std::filesystem::path& folder);

} // namespace salus

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// Header of a VCF of sites with allele frequencies of populations.
struct FrequencyHeader {
    struct Population {
        std::string suffix; // "", "_XX", "_FI"; behind the name of every field
        std::string words;  // "all samples", "samples recorded as female", "group FI"
        std::uint64_t samples = 0;
    };
    std::string source;               // program and version
    std::string genome_build;         // "GRCh38"
    std::vector<std::string> contigs; // in the order of the rows
    std::vector<std::string> filters; // besides PASS
    std::vector<Population> populations;
    std::uint64_t minimum_count = 0;
    std::uint64_t hidden_small = 0, hidden_secondary = 0; // population cells, over all rows
};

/// One population at one site. Numbers of alleles: AC = AC_Het + AC_Hom + AC_Hemi.
struct FrequencyCell {
    std::uint64_t an = 0, het = 0, hom = 0, hemi = 0; // hom counts two alleles a person
    bool alleles = true, genotypes = true;            // what is published
    std::uint64_t ac() const noexcept { return het + hom + hemi; }
};

struct FrequencyRow {
    std::string_view chromosome;
    std::uint32_t position = 1; // 1-based
    std::string_view id, ref, alt, filter;
    std::span<const FrequencyCell> cells; // [population]
};

/// Text of the header with the #CHROM line; declares every field of every population.
std::string frequency_header_text(const FrequencyHeader& header);
/// Appends one line: AC, AN, AF, AC_Het, AC_Hom, AC_Hemi of every population, without what is
/// hidden; populations of which something is hidden are named in HIDDEN. AF is absent where AN is
/// 0.
void append_frequency_row(std::span<const FrequencyHeader::Population> populations,
                          const FrequencyRow& row, std::string& out);

} // namespace salus

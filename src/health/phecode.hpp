#pragma once

#include "health/event_store.hpp"
#include "health/status_matrix.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus {

/// Phecodes and the source codes that count for them: phecode 1.2 with its tables, or phecodeX.
/// Numbers of phecodes ascend by name.
struct PhecodeMap {
    std::vector<std::string> names, docs; // [phecode]
    std::vector<std::uint8_t> sex;        // [phecode]: 0 everybody, 1 males only, 2 females only
    std::vector<std::string> codes;       // SYSTEM:code, ascending
    std::vector<std::uint32_t> begin;     // [code + 1] into phecodes
    std::vector<std::uint16_t> phecodes;  // of each code, rolled up, ascending
    /// Who has any date of phecode `first` is no control of phecode `second`; ascending.
    std::vector<std::pair<std::uint16_t, std::uint16_t>> exclusions;

    std::size_t size() const noexcept { return names.size(); }
    std::span<const std::uint16_t> of(std::size_t code) const noexcept {
        return std::span(phecodes).subspan(begin[code], begin[code + 1] - begin[code]);
    }
};

/// How the codes of a map are compared with those of events: in the one form of their system, as
/// event stores hold them, or as they are written, as the R package PheWAS does.
enum class CodeWriting { normalised, as_written };

/// Collects the rows of phecode tables in any order.
class PhecodeTables {
public:
    explicit PhecodeTables(CodeWriting writing = CodeWriting::normalised) : writing_(writing) {}
    /// A row of the map: `code` of `system`, both as written in the table, counts for `phecode`.
    void add_code(std::string_view system, std::string_view code, std::string_view phecode);
    /// A date of `phecode` is also a date of `above` (itself too, if it shall count).
    void add_rollup(std::string_view phecode, std::string_view above);
    /// A date of `criterion` keeps a person from being a control of `phecode`.
    void add_exclusion(std::string_view phecode, std::string_view criterion);
    /// Description and sex (0, 1, 2) of a phecode; an empty description or sex 0 changes nothing.
    void add_info(std::string_view phecode, std::string_view doc, std::uint8_t sex);

    /// All phecodes that any row names. A phecode without a row of rollup counts as itself.
    /// DataError with more than 65,535 phecodes.
    PhecodeMap build() const;

private:
    CodeWriting writing_;
    std::set<std::string, std::less<>> names_;
    std::set<std::pair<std::string, std::string>> codes_;             // code, phecode
    std::map<std::string, std::set<std::string>, std::less<>> above_; // [phecode]
    std::set<std::pair<std::string, std::string>> exclusions_;        // criterion, phecode
    std::map<std::string, std::pair<std::string, std::uint8_t>, std::less<>> info_;
};

struct PhecodeRules {
    std::int64_t min_dates = 2;     // different dates that make a case
    bool inside_observation = true; // only events inside an observation period count
    bool exclusions = true;         // apply the exclusion ranges
    bool longest_prefix = false; // a code that the map lacks counts as the longest it begins with
};

/// Codes of one system: how many of the dictionary are in the map.
struct PhecodeCoverage {
    std::uint64_t mapped = 0, by_prefix = 0, by_family = 0, unmapped = 0;
};

/// All phecodes of persons at once, as createPhenotypes of the R package PheWAS 0.99.6 makes them
/// (Carroll, Bastarache & Denny 2014, doi:10.1093/bioinformatics/btu197).
///
/// n = different dates of a phecode, rolled up. Case: n >= min_dates. Excluded: 0 < n < min_dates,
/// or any date of a phecode whose exclusion range takes this one in, and no case. Everybody else is
/// a control. Phecodes of one sex do not apply to others, cases included, nor to persons whose sex
/// is not known; nothing applies to persons without observation period. Events that say "no" do
/// not count. Codes of a national variant that the map does not have are looked up in WHO ICD-10.
class PhecodePanel {
public:
    PhecodePanel(const PhecodeMap& map, std::span<const std::string> codes, PhecodeRules rules);

    std::size_t size() const noexcept { return size_; }
    /// By system, ICD systems and those of the map only.
    const std::map<std::string, PhecodeCoverage>& coverage() const noexcept { return coverage_; }

    /// Memory of one thread: O(phecodes).
    class Scratch {
    public:
        Scratch() = default;

    private:
        friend class PhecodePanel;
        std::vector<Day> last_;
        std::vector<std::uint32_t> dates_;
        std::vector<std::uint16_t> touched_;
        std::vector<std::uint64_t> cases_, excluded_;
    };
    /// Writes the statuses of a person to the first size() places of a packed row; what stands
    /// behind them stays. Cost O(events x phecodes per code + exclusions + phecodes/64).
    void evaluate(const PersonView& person, Scratch& scratch, std::span<std::uint8_t> row) const;

private:
    void count_dates(const PersonView& person, Scratch& scratch) const;

    PhecodeRules rules_;
    std::size_t size_, words_;
    std::vector<std::uint32_t> begin_;      // [code + 1]
    std::vector<std::uint16_t> phecodes_;   // of each code of the store
    std::vector<std::uint64_t> not_for_[3]; // [sex] phecodes that do not apply
    /// Phecodes that a date of one phecode excludes, as bits of the words that have any.
    struct WordOfBits {
        std::uint32_t word;
        std::uint64_t bits;
    };
    std::vector<std::uint32_t> excludes_begin_; // [phecode + 1]
    std::vector<WordOfBits> excludes_;
    std::map<std::string, PhecodeCoverage> coverage_;
};

} // namespace salus

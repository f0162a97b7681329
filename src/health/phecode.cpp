#include "health/phecode.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/code_form.hpp"
#include "health/code_system.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace salus {
namespace {

constexpr std::string_view who = "ICD10";

void set_bit(std::vector<std::uint64_t>& words, std::size_t i) noexcept {
    words[i / 64] |= std::uint64_t{1} << (i % 64);
}

/// The bits of `x` at the even places.
std::uint64_t spread(std::uint32_t x) noexcept {
    std::uint64_t v = x;
    v = (v | v << 16) & 0x0000FFFF0000FFFFu;
    v = (v | v << 8) & 0x00FF00FF00FF00FFu;
    v = (v | v << 4) & 0x0F0F0F0F0F0F0F0Fu;
    v = (v | v << 2) & 0x3333333333333333u;
    return (v | v << 1) & 0x5555555555555555u;
}

/// 64 statuses whose low and high bits stand apart, to 16 bytes.
void interleave(std::uint64_t low, std::uint64_t high, std::array<std::uint8_t, 16>& out) noexcept {
    for (unsigned half = 0; half < 2; ++half) {
        const std::uint64_t packed = spread(static_cast<std::uint32_t>(low >> (32 * half))) |
                                     spread(static_cast<std::uint32_t>(high >> (32 * half))) << 1;
        for (unsigned b = 0; b < 8; ++b)
            out[8 * half + b] = static_cast<std::uint8_t>(packed >> (8 * b));
    }
}

bool inside(std::span<const Period> periods, Day day) noexcept {
    for (const Period& p : periods)
        if (p.start <= day && day <= p.end) return true;
    return false;
}

/// Where a code of the store stands in the map, and how it was found.
struct Found {
    std::optional<std::size_t> code;
    std::uint64_t PhecodeCoverage::*how = &PhecodeCoverage::unmapped;
};

Found find_code(const PhecodeMap& map, const std::string& code, bool longest_prefix) {
    const auto exact = [&](const std::string& wanted) -> std::optional<std::size_t> {
        const auto at = std::lower_bound(map.codes.begin(), map.codes.end(), wanted);
        if (at == map.codes.end() || *at != wanted) return std::nullopt;
        return static_cast<std::size_t>(at - map.codes.begin());
    };
    if (const auto at = exact(code)) return {at, &PhecodeCoverage::mapped};
    const std::size_t colon = code.find(':');
    if (colon == std::string::npos) return {};
    const std::string_view system = std::string_view(code).substr(0, colon);
    std::vector<std::string> forms{code};
    const CodeSystem* known = find_code_system(system);
    if (known != nullptr && known->family == who && system != who)
        forms.push_back(text(who, ":", std::string_view(code).substr(colon + 1)));
    if (forms.size() > 1)
        if (const auto at = exact(forms[1])) return {at, &PhecodeCoverage::by_family};
    if (!longest_prefix || known == nullptr || !known->hierarchy) return {};
    for (const std::string& form : forms) // a category has three characters
        if (const auto at = longest_known(map.codes, form, form.find(':') + 4))
            return {at->index, &PhecodeCoverage::by_prefix};
    return {};
}

} // namespace

void PhecodeTables::add_code(std::string_view system, std::string_view code,
                             std::string_view phecode) {
    const std::string name = normalise_system(system);
    const auto form =
        writing_ == CodeWriting::normalised ? normalise_code(name, code) : std::nullopt;
    names_.emplace(phecode);
    codes_.emplace(text(name, ":", form ? std::string_view(*form) : trim(code)), phecode);
}

void PhecodeTables::add_rollup(std::string_view phecode, std::string_view above) {
    names_.emplace(phecode);
    names_.emplace(above);
    above_[std::string(phecode)].emplace(above);
}

void PhecodeTables::add_exclusion(std::string_view phecode, std::string_view criterion) {
    names_.emplace(phecode);
    names_.emplace(criterion);
    exclusions_.emplace(criterion, phecode);
}

void PhecodeTables::add_info(std::string_view phecode, std::string_view doc, std::uint8_t sex) {
    names_.emplace(phecode);
    auto& info = info_[std::string(phecode)];
    if (!doc.empty()) info.first = doc;
    if (sex != 0) info.second = sex;
}

PhecodeMap PhecodeTables::build() const {
    if (names_.size() > std::numeric_limits<std::uint16_t>::max())
        throw DataError({.what = text("the tables name ", names_.size(), " phecodes"),
                         .where = "phecode tables",
                         .why = "more than 65,535 cannot be numbered; phecode 1.2 has 1,866 and "
                                "phecodeX 3,612",
                         .help = "check that the column phecode holds phecodes"});
    PhecodeMap map{.names = {names_.begin(), names_.end()}};
    const auto number = [&](const std::string& name) {
        return static_cast<std::uint16_t>(
            std::lower_bound(map.names.begin(), map.names.end(), name) - map.names.begin());
    };
    map.docs.resize(map.size());
    map.sex.resize(map.size(), 0);
    for (const auto& [name, info] : info_) {
        map.docs[number(name)] = info.first;
        map.sex[number(name)] = info.second;
    }
    std::vector<std::vector<std::uint16_t>> above(map.size());
    for (std::uint16_t p = 0; p < map.size(); ++p) {
        const auto rolled = above_.find(map.names[p]);
        if (rolled == above_.end())
            above[p] = {p};
        else
            for (const std::string& name : rolled->second)
                above[p].push_back(number(name));
    }
    for (auto row = codes_.begin(); row != codes_.end();) {
        std::set<std::uint16_t> all;
        const std::string& code = row->first;
        map.codes.push_back(code);
        map.begin.push_back(static_cast<std::uint32_t>(map.phecodes.size()));
        for (; row != codes_.end() && row->first == code; ++row)
            all.insert(above[number(row->second)].begin(), above[number(row->second)].end());
        map.phecodes.insert(map.phecodes.end(), all.begin(), all.end());
    }
    map.begin.push_back(static_cast<std::uint32_t>(map.phecodes.size()));
    for (const auto& [criterion, phecode] : exclusions_)
        map.exclusions.emplace_back(number(criterion), number(phecode));
    return map;
}

PhecodePanel::PhecodePanel(const PhecodeMap& map, std::span<const std::string> codes,
                           PhecodeRules rules)
    : rules_(rules), size_(map.size()), words_((map.size() + 63) / 64) {
    std::set<std::string, std::less<>> systems;
    for (const std::string& code : map.codes)
        systems.insert(code.substr(0, code.find(':')));
    for (const std::string& code : codes) {
        begin_.push_back(static_cast<std::uint32_t>(phecodes_.size()));
        const Found found = find_code(map, code, rules.longest_prefix);
        const std::string system = code.substr(0, code.find(':'));
        if (systems.contains(system) || system.starts_with("ICD")) ++(coverage_[system].*found.how);
        if (!found.code) continue;
        const auto phecodes = map.of(*found.code);
        phecodes_.insert(phecodes_.end(), phecodes.begin(), phecodes.end());
    }
    begin_.push_back(static_cast<std::uint32_t>(phecodes_.size()));
    for (std::uint8_t person = 0; person < 3; ++person) {
        not_for_[person].assign(words_, 0);
        for (std::size_t p = 0; p < map.size(); ++p)
            if (map.sex[p] != 0 && map.sex[p] != person) set_bit(not_for_[person], p);
    }
    excludes_begin_.assign(map.size() + 1, 0);
    if (!rules.exclusions) return;
    for (const auto& [criterion, phecode] : map.exclusions) { // ascending by both
        const auto word = static_cast<std::uint32_t>(phecode / 64);
        if (excludes_begin_[criterion + 1] == 0 || excludes_.back().word != word) {
            excludes_.push_back({word, 0});
            excludes_begin_[criterion + 1] = static_cast<std::uint32_t>(excludes_.size());
        }
        excludes_.back().bits |= std::uint64_t{1} << (phecode % 64);
    }
    for (std::size_t p = 0; p < map.size(); ++p)
        excludes_begin_[p + 1] = std::max(excludes_begin_[p], excludes_begin_[p + 1]);
}

void PhecodePanel::count_dates(const PersonView& person, Scratch& s) const {
    const bool whole = !rules_.inside_observation;
    for (const Event& event : person.events) {
        const std::uint32_t end = begin_[event.code + 1];
        std::uint32_t at = begin_[event.code];
        if (at == end || (event.flags & negated) != 0) continue;
        if (!whole && !inside(person.periods, event.day)) continue;
        for (; at < end; ++at) {
            const std::uint16_t p = phecodes_[at];
            if (s.dates_[p] == 0) {
                s.touched_.push_back(p);
            } else if (s.last_[p] == event.day) { // events ascend by day
                continue;
            }
            ++s.dates_[p];
            s.last_[p] = event.day;
        }
    }
}

void PhecodePanel::evaluate(const PersonView& person, Scratch& s,
                            std::span<std::uint8_t> row) const {
    if (s.dates_.size() != size()) {
        s.dates_.assign(size(), 0);
        s.last_.assign(size(), 0);
    }
    s.touched_.clear();
    s.cases_.assign(words_, 0);
    s.excluded_.assign(words_, 0);
    const bool observed = !person.periods.empty();
    if (observed) count_dates(person, s);
    for (const std::uint16_t p : s.touched_) {
        set_bit(s.dates_[p] >= rules_.min_dates ? s.cases_ : s.excluded_, p);
        s.dates_[p] = 0; // ready for the next person
        for (std::uint32_t at = excludes_begin_[p]; at < excludes_begin_[p + 1]; ++at)
            s.excluded_[excludes_[at].word] |= excludes_[at].bits;
    }
    const auto& not_for = not_for_[person.sex < 3 ? person.sex : 0];
    std::array<std::uint8_t, 16> bytes{};
    const std::size_t total = status_bytes(size());
    for (std::size_t w = 0; w < words_; ++w) {
        const std::uint64_t not_applicable = observed ? not_for[w] : ~std::uint64_t{0};
        const std::uint64_t here = w + 1 < words_ || size() % 64 == 0
                                       ? ~std::uint64_t{0}
                                       : (std::uint64_t{1} << (size() % 64)) - 1;
        interleave((s.cases_[w] | not_applicable) & here,
                   ((s.excluded_[w] & ~s.cases_[w]) | not_applicable) & here, bytes);
        const std::size_t count = std::min<std::size_t>(16, total - 16 * w);
        const std::size_t whole = std::min<std::size_t>(count, size() / 4 - 16 * w);
        std::copy_n(bytes.begin(), whole, row.begin() + static_cast<std::ptrdiff_t>(16 * w));
        if (whole < count) { // a byte that the next trait shares
            const auto kept = static_cast<unsigned>(0xFFu << (2 * (size() % 4)) & 0xFFu);
            std::uint8_t& last = row[16 * w + whole];
            last = static_cast<std::uint8_t>((last & kept) | bytes[whole]);
        }
    }
}

} // namespace salus

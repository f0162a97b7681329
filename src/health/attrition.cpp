#include "health/attrition.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

template <class E>
std::size_t at(E value) noexcept {
    return static_cast<std::size_t>(value);
}

/// The words of a step, or nothing where the definition does not have it.
std::string case_words(const TraitDefinition& t, CaseStep step) {
    const bool dates = !t.codes.empty() || !t.any_of.empty();
    const auto when = [](bool there, std::string words) {
        return there ? std::move(words) : std::string{};
    };
    switch (step) {
    case CaseStep::person:
        return "persons";
    case CaseStep::sex:
        return when(t.sex != "any", t.sex);
    case CaseStep::observed:
        return "with an observation period";
    case CaseStep::enrolled:
        return when(t.follow_from != "observation" && t.follow_from != "case",
                    text("with ", t.follow_from));
    case CaseStep::recorded:
        return when(dates, t.any_of.empty() ? "with one of the codes"
                                            : "with one of the codes or definitions");
    case CaseStep::affirmed:
        return when(!t.codes.empty(), "not recorded as absent");
    case CaseStep::inside:
        return when(!t.codes.empty() && t.inside_observation, "inside observation");
    case CaseStep::source:
        return when(!t.sources.empty() || !t.event_kinds.empty() || t.primary_position,
                    "of the right kind, source and position");
    case CaseStep::valued:
        return when(!t.value.empty() || !t.value_codes.empty() ||
                        (t.quantitative() && t.summary != "dates") || !dates,
                    t.quantitative() ? "with a plausible value in a known unit"
                    : dates          ? "with such a value"
                                     : "with all definitions of all_of");
    case CaseStep::aged:
        return when(t.quantitative() && (t.min_age > 0 || t.max_age < 150), "at the right age");
    case CaseStep::windowed:
        return when(!t.index.empty(), text("in the window around ", t.index));
    case CaseStep::related:
        return when(!t.with.empty() || !t.without.empty() || t.age_at == "date",
                    t.age_at == "date" ? "with what must be around it, at the right age"
                                       : "with and without what is around it");
    case CaseStep::counted:
        return when(t.min_dates > 1 || t.at_least > 1 || t.min_span_days > 0, "on enough dates");
    case CaseStep::all_of:
        return when(dates && !t.all_of.empty(), "with all definitions of all_of");
    case CaseStep::none_of:
        return when(!t.none_of.empty(), "with no definition of none_of");
    case CaseStep::not_excluded:
        return when(!t.case_exclude.empty() || !t.case_exclude_if.empty(),
                    "without what excludes cases");
    case CaseStep::washed_out:
        return when(t.washout_days > 0 ||
                        (t.follow_from != "observation" && t.follow_from != "case"),
                    "not before follow-up begins");
    case CaseStep::complete:
        if (t.quantitative()) return "with enough values";
        return t.min_age > 0 || t.max_age < 150 ? "at the right age: cases" : "cases";
    }
    return {};
}

const std::array<std::string_view, static_cast<std::size_t>(ExcludedBy::age) + 1> excluded_words{
    "",
    "without what excludes cases",
    "without some dates that are not enough",
    "with every definition decided",
    "without codes of control_exclude",
    "without definitions of control_exclude_if",
    "with all definitions of control_if",
    "with an age that fits"};

void add_controls(const AttritionCounts& counts, std::vector<AttritionRow>& rows) {
    const auto status = [&](CaseStatus s) { return counts.status[at(s)]; };
    std::uint64_t left = 0;
    for (const std::uint64_t n : counts.status)
        left += n;
    left -= status(CaseStatus::unobserved) + status(CaseStatus::not_applicable);
    rows.push_back({"control", "observed persons whom the trait concerns", left, 0});
    const auto lose = [&](std::string_view words, std::uint64_t lost) {
        left -= lost;
        rows.push_back({"control", std::string(words), left, lost});
    };
    lose("not cases", status(CaseStatus::event_case));
    lose("not prevalent", status(CaseStatus::prevalent));
    for (std::size_t e = 1; e < counts.excluded.size(); ++e)
        if (counts.excluded[e] > 0) lose(excluded_words[e], counts.excluded[e]);
    rows.back().step += ": controls";
}

} // namespace

void AttritionCounts::add(const TraitOutcome& outcome) noexcept {
    ++steps[at(outcome.step)];
    ++status[at(outcome.status)];
    if (outcome.status == CaseStatus::excluded) ++excluded[at(outcome.excluded_by)];
}

void AttritionCounts::write(std::span<std::uint64_t> numbers) const noexcept {
    auto next = std::copy(steps.begin(), steps.end(), numbers.begin());
    next = std::copy(status.begin(), status.end(), next);
    std::copy(excluded.begin(), excluded.end(), next);
}

void AttritionCounts::add(std::span<const std::uint64_t> numbers) noexcept {
    std::size_t next = 0;
    const auto take = [&](auto& into) {
        for (std::uint64_t& n : into)
            n += numbers[next++];
    };
    take(steps);
    take(status);
    take(excluded);
}

std::vector<AttritionRow> attrition_rows(const TraitDefinition& trait,
                                         const AttritionCounts& counts) {
    const std::string path = trait.quantitative() ? "value" : "case";
    std::vector<AttritionRow> rows;
    std::uint64_t left = 0;
    for (const std::uint64_t n : counts.steps)
        left += n;
    std::uint64_t lost = 0;
    for (std::size_t s = 0; s < counts.steps.size(); ++s) {
        // Who got no further than the step before did not pass this one.
        if (s > 0) lost += counts.steps[s - 1];
        std::string words = case_words(trait, static_cast<CaseStep>(s));
        if (words.empty()) continue;
        left -= lost;
        rows.push_back({path, std::move(words), left, lost});
        lost = 0;
    }
    if (!trait.quantitative() && trait.kind != "first_date" && trait.kind != "criterion")
        add_controls(counts, rows);
    return rows;
}

namespace {

/// Writes the numbers of one way through the steps.
class Suppression {
public:
    explicit Suppression(std::uint64_t threshold) : threshold_(threshold) {}

    /// Rows of one path, beginning with everybody.
    void add_path(std::span<const AttritionRow> rows) {
        std::uint64_t before = rows.front().left; // the last number of persons left that was shown
        bool any_shown = false;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const AttritionRow& row = rows[r];
            SuppressedRow cells{shown(row.left), shown(row.lost)};
            if (any_shown && small(before - row.left)) {
                cells.left = "-";
            } else {
                // A loss next to a hidden number of persons would give that number away.
                const bool hidden = small(row.left) || (any_shown && rows[r - 1].left != before);
                if (hidden && row.lost > 0 && !small(row.lost)) cells.lost = "-";
                if (!small(row.left)) {
                    before = row.left;
                    any_shown = true;
                }
            }
            add(std::move(cells));
        }
    }
    /// Rows of a path that tells numbers of an earlier one again, of which some are hidden: only
    /// begin and end are shown, and the end not if it tells the first loss.
    void add_guarded(std::span<const AttritionRow> rows) {
        add({shown(rows.front().left), shown(rows.front().lost)});
        for (std::size_t r = 1; r < rows.size(); ++r) {
            const AttritionRow& row = rows[r];
            SuppressedRow cells{"-", row.lost == 0 || small(row.lost) ? shown(row.lost) : "-"};
            if (r + 1 == rows.size() && row.left != rows[1].left) cells.left = shown(row.left);
            add(std::move(cells));
        }
    }
    bool any_hidden() const noexcept { return any_hidden_; }
    std::vector<SuppressedRow> take() { return std::move(out_); }

private:
    bool small(std::uint64_t n) const noexcept { return n > 0 && n < threshold_; }
    std::string shown(std::uint64_t n) const {
        return small(n) ? text("<", threshold_) : with_thousands(n);
    }
    void add(SuppressedRow cells) {
        for (const std::string* cell : {&cells.left, &cells.lost})
            any_hidden_ = any_hidden_ || cell->starts_with('-') || cell->starts_with('<');
        out_.push_back(std::move(cells));
    }

    std::uint64_t threshold_;
    bool any_hidden_ = false;
    std::vector<SuppressedRow> out_;
};

} // namespace

std::vector<SuppressedRow> suppress_small(const std::vector<AttritionRow>& rows,
                                          std::uint64_t threshold) {
    Suppression out(threshold);
    for (std::size_t begin = 0; begin < rows.size();) {
        std::size_t end = begin;
        while (end < rows.size() && rows[end].path == rows[begin].path)
            ++end;
        const auto path = std::span(rows).subspan(begin, end - begin);
        if (begin > 0 && out.any_hidden())
            out.add_guarded(path);
        else
            out.add_path(path);
        begin = end;
    }
    return out.take();
}

} // namespace salus

#include "stages/cohort/strata.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <cmath>
#include <map>

namespace salus::matching {
namespace {

class Selection {
public:
    Selection(const CohortParams& params, const Request& request, const H5File& file)
        : params_(params), request_(request), file_(file) {}

    Eligible find() {
        take_roles();
        for (const Condition& condition : request_.require)
            keep_where(condition.column, condition.written,
                       [&](double v) { return condition.holds(v); });
        out_.value.assign(out_.role.size(), 0);
        if (!params_.nearest.empty()) {
            keep_where(params_.nearest, text(params_.nearest, " known"),
                       [](double v) { return std::isfinite(v); });
            out_.value = column(params_.nearest);
        }
        for (const ExactColumn& exact : request_.exact)
            keep_where(exact.column, text(exact.column, " known"),
                       [](double v) { return std::isfinite(v); });
        number_strata();
        return std::move(out_);
    }

private:
    std::vector<double> column(const std::string& name) const {
        std::vector<Problem> problems;
        const auto place = find_column(file_, name, "", problems);
        if (!place) throw UsageError(std::move(problems));
        return read_column(file_, *place);
    }

    void take_roles() {
        const auto values = column(params_.case_trait);
        for (const double v : values) {
            if (!std::isnan(v) && v != 0 && v != 1)
                throw DataError({.what = text("trait ", params_.case_trait, " is not binary"),
                                 .where = file_.path().string(),
                                 .why = "1 is a case or an exposed person, 0 may be a control",
                                 .help = "name a binary trait in case_trait"});
            out_.role.push_back(v == 1 ? Role::case_ : v == 0 ? Role::control : Role::out);
        }
        note(text(params_.case_trait, " known"));
    }

    template <class Holds>
    void keep_where(const std::string& name, const std::string& rule, Holds holds) {
        const auto values = column(name);
        for (std::size_t i = 0; i < values.size(); ++i)
            if (!holds(values[i])) out_.role[i] = Role::out;
        note(rule);
    }

    void note(const std::string& rule) {
        AttritionStep step{.rule = rule};
        for (const Role role : out_.role) {
            step.cases += role == Role::case_ ? 1U : 0U;
            step.controls += role == Role::control ? 1U : 0U;
        }
        out_.steps.push_back(std::move(step));
    }

    /// Splits the strata by one column after the other.
    void number_strata() {
        out_.stratum.assign(out_.role.size(), 0);
        out_.strata = 1;
        for (const ExactColumn& exact : request_.exact) {
            const auto values = column(exact.column);
            std::map<std::pair<std::uint32_t, double>, std::uint32_t> number;
            for (std::size_t i = 0; i < values.size(); ++i) {
                if (out_.role[i] == Role::out) continue;
                out_.stratum[i] = number
                                      .try_emplace({out_.stratum[i], exact.bin(values[i])},
                                                   static_cast<std::uint32_t>(number.size()))
                                      .first->second;
            }
            out_.strata = static_cast<std::uint32_t>(number.size());
        }
    }

    const CohortParams& params_;
    const Request& request_;
    const H5File& file_;
    Eligible out_;
};

/// People of one stratum.
struct Stratum {
    std::vector<std::uint32_t> cases, controls;
};

std::vector<std::uint64_t> keys_of(const std::vector<std::uint32_t>& samples, std::uint64_t seed) {
    std::vector<std::uint64_t> keys;
    for (const std::uint32_t sample : samples)
        keys.push_back(Rng(seed, "cohort.ties", sample).next64());
    return keys;
}

MatchOrder order_named(std::string_view name) {
    return name == "largest"    ? MatchOrder::largest
           : name == "smallest" ? MatchOrder::smallest
           : name == "random"   ? MatchOrder::random
                                : MatchOrder::data;
}

void match_stratum(const CohortParams& params, const Eligible& eligible, const Stratum& stratum,
                   std::uint64_t seed, std::vector<SamplePair>& out) {
    const auto values = [&](const std::vector<std::uint32_t>& samples) {
        std::vector<double> found;
        for (const std::uint32_t sample : samples)
            found.push_back(eligible.value[sample]);
        return found;
    };
    const auto case_value = values(stratum.cases), control_value = values(stratum.controls);
    const auto case_key = keys_of(stratum.cases, seed),
               control_key = keys_of(stratum.controls, seed);
    for (const MatchedPair& pair :
         match_nearest({.case_value = case_value,
         .control_value = control_value,
         .case_key = case_key,
         .control_key = control_key,
         .ratio = static_cast<std::size_t>(params.ratio),
         .caliper = params.caliper > 0 ? params.caliper : std::numeric_limits<double>::infinity(),
         .order = order_named(params.order),
         .replacement = params.replacement ? Replacement::with : Replacement::without}))
        out.push_back({.case_sample = stratum.cases[pair.case_index],
                       .control_sample = stratum.controls[pair.control_index],
                       .distance = pair.distance});
}

} // namespace

Eligible find_eligible(const CohortParams& params, const Request& request, const H5File& file) {
    return Selection(params, request, file).find();
}

std::vector<SamplePair> match_strata(const CohortParams& params, const Eligible& eligible,
                                     std::uint64_t seed, std::uint64_t unit, std::uint64_t units) {
    std::map<std::uint32_t, Stratum> strata;
    for (std::uint32_t i = 0; i < eligible.role.size(); ++i) {
        if (eligible.role[i] == Role::out || eligible.stratum[i] % units != unit) continue;
        Stratum& stratum = strata[eligible.stratum[i]];
        (eligible.role[i] == Role::case_ ? stratum.cases : stratum.controls).push_back(i);
    }
    std::vector<SamplePair> out;
    for (const auto& [number, stratum] : strata)
        match_stratum(params, eligible, stratum, seed, out);
    return out;
}

} // namespace salus::matching

#include "stages/phenotypes/features.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "health/definition.hpp"
#include "health/unit_names.hpp"
#include "stages/phenotypes/sample_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

namespace salus::phenotypes {
namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

/// `[NEW =] NAME [is LEVEL] [in UNIT] [at VISIT]` as written.
struct Request {
    std::string written, rename, name, level, unit, when = "first";
};

/// Cuts `text` behind the last ` word `; "" if it is not there.
std::string take_behind(std::string& from, std::string_view word) {
    const std::string marked = text(" ", word, " ");
    const std::size_t at = from.rfind(marked);
    if (at == std::string::npos) return {};
    std::string behind(trim(std::string_view(from).substr(at + marked.size())));
    from = from.substr(0, at);
    return behind;
}

Request parse_request(const std::string& written) {
    Request out{.written = written};
    std::string rest = written;
    if (const std::size_t equals = rest.find('='); equals != std::string::npos) {
        out.rename = trim(std::string_view(rest).substr(0, equals));
        rest = rest.substr(equals + 1);
    }
    if (std::string when = take_behind(rest, "at"); !when.empty()) out.when = std::move(when);
    out.unit = take_behind(rest, "in");
    out.level = take_behind(rest, "is");
    out.name = trim(rest);
    return out;
}

/// Makes columns of requests.
class Planner {
public:
    Planner(const FeatureStore& store, FeaturePlan& plan, std::vector<Problem>& problems)
        : store_(store), plan_(plan), problems_(problems) {
        for (const StoredFeature& f : store.features())
            names_.push_back(f.feature.name);
    }

    void add(const std::string& written, const char* parameter) {
        parameter_ = parameter;
        request_ = parse_request(written);
        std::size_t found = 0;
        for (const StoredFeature& f : store_.features())
            if (fits_pattern(f.feature.name, request_.name)) ++found;
        if (found == 0) {
            const auto near = nearest(request_.name, names_);
            return refuse(text("there is no feature ", request_.name),
                          text("the features are those of ", store_.path().string()),
                          near ? text("did you mean ", *near, "?")
                               : "see its table features: salus show");
        }
        if (!request_.rename.empty() && (found > 1 || !is_trait_name(request_.rename)))
            return refuse(text("\"", request_.rename, "\" cannot be the name"),
                          found > 1 ? "several features have this pattern"
                                    : "names become columns of result files",
                          "use letters, digits, _, - and ., beginning with a letter");
        for (const StoredFeature& f : store_.features())
            if (fits_pattern(f.feature.name, request_.name)) add_feature(f);
    }

private:
    void add_feature(const StoredFeature& stored) {
        const Feature& f = stored.feature;
        FeatureColumn column{.name = request_.rename.empty() ? f.name : request_.rename,
                             .kind = kind_of(f),
                             .unit = f.unit,
                             .doc = f.doc.empty() ? f.column : f.doc,
                             .feature = &stored,
                             .when = request_.when,
                             .line = {},
                             .level = {}};
        if (f.kind == FeatureKind::date) column.unit = "days since 1970-01-01";
        if (!request_.unit.empty()) convert(f, column);
        if (!request_.level.empty())
            choose_level(f, column);
        else if (f.kind == FeatureKind::category && f.levels.size() > 2)
            return add_levels(f, column);
        plan_.columns.push_back(std::move(column));
    }

    static std::string kind_of(const Feature& f) {
        if (f.kind == FeatureKind::date) return "date";
        if (!f.has_levels()) return "quantitative";
        return f.levels.size() == 2 ? "binary" : "ordinal";
    }

    void convert(const Feature& f, FeatureColumn& column) {
        const auto wanted = unit_meanings(request_.unit);
        const auto stored = parse_ucum(f.unit);
        const bool measured = f.kind == FeatureKind::number || f.kind == FeatureKind::integer;
        for (const UnitMeaning& meaning : wanted)
            if (const auto line = stored && measured ? conversion(*stored, meaning.unit)
                                                     : std::optional<Line>{}) {
                column.line = *line;
                column.unit = meaning.ucum;
                return;
            }
        refuse(text("feature ", f.name, " cannot be given in ", request_.unit),
               wanted.empty() ? "this is not a unit of UCUM"
                              : text("its unit is ", f.unit, ", of another quantity"),
               "ask for a unit of the same quantity");
    }

    void choose_level(const Feature& f, FeatureColumn& column) {
        for (std::size_t l = 0; l < f.levels.size(); ++l)
            if (f.levels[l].label == request_.level || f.levels[l].code == request_.level) {
                column.level = static_cast<double>(l);
                column.kind = "binary";
                column.doc += text(": ", f.levels[l].label);
                return;
            }
        std::string levels;
        for (const FeatureLevel& level : f.levels)
            levels += text(levels.empty() ? "" : ", ", level.label);
        refuse(text("feature ", f.name, " has no level ", request_.level),
               levels.empty() ? text("it is of type ", to_string(f.kind))
                              : text("its levels are ", levels),
               "correct the level");
    }

    /// A covariate for every level but the first; as a trait it would mean nothing.
    void add_levels(const Feature& f, const FeatureColumn& column) {
        if (parameter_ == "feature_traits")
            return refuse(
                text("feature ", f.name, " is a category of ", f.levels.size(), " levels"),
                "a trait is a number, ordinal or binary",
                text("ask for one level: \"", f.name, " is ", f.levels[1].label,
                     "\", or declare the type ordinal"));
        for (std::size_t l = 1; l < f.levels.size(); ++l) {
            FeatureColumn one = column;
            one.name += "_";
            for (const char c : f.levels[l].label)
                one.name += is_trait_name(std::string("x") + c) ? c : '_';
            one.level = static_cast<double>(l);
            one.doc += text(": ", f.levels[l].label, "; the reference is ", f.levels[0].label);
            plan_.columns.push_back(std::move(one));
        }
    }

    void refuse(std::string what, std::string why, std::string help) {
        problems_.push_back(
            {.what = std::move(what),
             .where = text("parameter ", parameter_, ", \"", request_.written, "\""),
             .why = std::move(why),
             .help = std::move(help)});
    }

    const FeatureStore& store_;
    FeaturePlan& plan_;
    std::vector<Problem>& problems_;
    std::vector<std::string> names_;
    std::string_view parameter_;
    Request request_;
};

std::string block_name(std::uint64_t block) { return text("block/", block); }

} // namespace

bool fits_pattern(std::string_view name, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return name == pattern;
    if (!name.starts_with(pattern.substr(0, star))) return false;
    for (std::size_t begin = star; begin <= name.size(); ++begin)
        if (fits_pattern(name.substr(begin), pattern.substr(star + 1))) return true;
    return false;
}

FeaturePlan plan_features(const FeatureStore& store, const PhenotypesParams& params,
                          std::vector<Problem>& problems) {
    FeaturePlan plan;
    Planner planner(store, plan, problems);
    for (const std::string& written : params.feature_traits)
        planner.add(written, "feature_traits");
    plan.traits = plan.columns.size();
    for (const std::string& written : params.feature_covariates)
        planner.add(written, "feature_covariates");
    return plan;
}

std::uint64_t feature_unit_count(const FeaturePlan& plan) noexcept {
    return (plan.columns.size() + feature_columns_per_unit - 1) / feature_columns_per_unit;
}

void FeatureJoin::take_rows(const std::string& table) {
    if (rows_.table == table) return;
    rows_ = {.table = table, .sample = {}, .visit = {}, .visits = {}};
    const TableData rows =
        store_.rows(table, {"pseudonym_high", "pseudonym_low", "visit", "sample_id"});
    const auto& high = rows.column<std::uint64_t>("pseudonym_high");
    const auto& low = rows.column<std::uint64_t>("pseudonym_low");
    std::vector<std::uint8_t> taken(cohort_.size(), 0);
    std::unordered_map<std::string, std::uint32_t> visits;
    bool any = false;
    for (std::size_t r = 0; r < rows.rows(); ++r) {
        const std::string& visit = rows.column<std::string>("visit")[r];
        const auto [at, fresh] =
            visits.try_emplace(visit, static_cast<std::uint32_t>(visits.size()));
        if (fresh) rows_.visits.push_back(visit);
        rows_.visit.push_back(at->second);
        if (r > 0 && high[r] == high[r - 1] && low[r] == low[r - 1]) {
            rows_.sample.push_back(rows_.sample.back());
            continue;
        }
        const std::string& id = rows.column<std::string>("sample_id")[r];
        const auto sample = id.empty() ? std::nullopt : cohort_.find(id);
        rows_.sample.push_back(sample.value_or(nobody));
        if (!sample) continue;
        any = true;
        if (taken[*sample]++)
            throw DataError({.what = "a sample is linked to two persons",
                             .where = text(store_.path().string(), ", table ", table),
                             .why = "a person has one sample and a sample one person",
                             .help = "correct the link table"});
    }
    if (!any)
        throw DataError({.what = "no sample of the genotypes is in a feature table",
                         .where = text(store_.path().string(), ", table ", table),
                         .why = "features and genotypes meet by sample_id",
                         .help = "check the link table of ingest_features and the sample names"});
}

void FeatureJoin::read_column(const FeatureColumn& column, std::span<double> out) {
    const std::vector<double> values = store_.values(*column.feature);
    const bool last = column.when == "last", any = last || column.when == "first";
    const auto visit = std::find(rows_.visits.begin(), rows_.visits.end(), column.when);
    if (!any && visit == rows_.visits.end())
        throw DataError({.what = text("there is no visit ", column.when),
                         .where = text(store_.path().string(), ", table ", rows_.table),
                         .why = text("feature ", column.name, " is asked for at this visit"),
                         .help = text("its visits are ", join(rows_.visits, ", "),
                                      "; first and last can be asked for in any table")});
    const auto wanted = static_cast<std::uint32_t>(visit - rows_.visits.begin());
    for (std::size_t r = 0; r < values.size(); ++r) {
        const std::uint32_t sample = rows_.sample[r];
        if (sample == nobody || std::isnan(values[r])) continue;
        if (!any && rows_.visit[r] != wanted) continue;
        if (!last && !std::isnan(out[sample])) continue;
        out[sample] =
            column.level ? (values[r] == *column.level ? 1.0 : 0.0) : column.line(values[r]);
    }
}

void FeatureJoin::read(std::uint64_t unit, PartWriter& part) {
    const std::size_t first = unit * feature_columns_per_unit,
                      count = std::min(feature_columns_per_unit, plan_.columns.size() - first),
                      samples = cohort_.size();
    std::vector<double> values(count * samples, nan);
    for (std::size_t c = 0; c < count; ++c) {
        take_rows(plan_.columns[first + c].feature->table);
        read_column(plan_.columns[first + c], std::span(values).subspan(c * samples, samples));
    }
    for (std::uint64_t b = 0; b < block_count(samples); ++b) {
        const std::size_t begin = b * block_samples,
                          size = std::min<std::size_t>(block_samples, samples - begin);
        std::vector<double> block;
        for (std::size_t c = 0; c < count; ++c) {
            const auto from = std::span(values).subspan(c * samples + begin, size);
            block.insert(block.end(), from.begin(), from.end());
        }
        part.write_array<double>(block_name(b), block, {count, size}, Compression::none);
    }
}

void read_feature_block(const Parts& parts, std::uint64_t block, std::size_t columns,
                        const std::function<void(std::size_t, std::span<const double>)>& take) {
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const std::size_t first = u * feature_columns_per_unit,
                          count = std::min(feature_columns_per_unit, columns - first);
        const auto values = parts.open(u).read_array<double>(block_name(block));
        const std::size_t size = values.size() / count;
        for (std::size_t c = 0; c < count; ++c)
            take(first + c, std::span(values).subspan(c * size, size));
    }
}

} // namespace salus::phenotypes

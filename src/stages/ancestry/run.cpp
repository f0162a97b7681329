#include "base/random.hpp"
#include "base/text.hpp"
#include "models/gaussian_mixture.hpp"
#include "stages/ancestry/ancestry.hpp"
#include "stages/ancestry/points.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace salus {
namespace ancestry {
namespace {

using Eigen::Index;

struct Named {
    std::vector<std::string> names;
    GaussianGroups groups;
};

/// The group that an assignment stands for, `unassigned` where a threshold is missed.
std::string group_of(const AncestryParams& params, const GroupAssignment& a,
                     const std::vector<std::string>& names) {
    const bool sure =
        a.probability >= params.probability_min && a.outlier_p >= params.outlier_p_min;
    return sure ? names[a.best] : unassigned_group;
}

Eigen::MatrixXd rows_of(const Eigen::MatrixXd& points, const std::vector<Index>& chosen) {
    Eigen::MatrixXd rows(static_cast<Index>(chosen.size()), points.cols());
    for (std::size_t k = 0; k < chosen.size(); ++k)
        rows.row(static_cast<Index>(k)) = points.row(chosen[k]);
    return rows;
}

/// Samples that a mixture is fitted to: those of the components, thinned by a keyed draw.
std::vector<Index> fit_samples(const Points& points, std::size_t most, std::uint64_t seed) {
    std::vector<Index> chosen;
    for (std::size_t i = 0; i < points.id.size(); ++i)
        if (points.used[i] != 0) chosen.push_back(static_cast<Index>(i));
    if (chosen.empty())
        for (std::size_t i = 0; i < points.id.size(); ++i)
            chosen.push_back(static_cast<Index>(i));
    Rng rng(seed, "ancestry.fit_samples", 0);
    const std::size_t count = std::min(most, chosen.size());
    for (std::size_t k = 0; k < count; ++k) // the first steps of a Fisher-Yates shuffle
        std::swap(chosen[k], chosen[k + rng.below(chosen.size() - k)]);
    chosen.resize(count);
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

/// Classifies each labelled sample by groups that were learnt without its fold.
TableData cross_validate(const AncestryParams& params, const Points& points, const Labels& labels) {
    std::vector<std::size_t> met(labels.names.size());
    std::vector<std::size_t> fold(points.id.size());
    for (std::size_t i = 0; i < fold.size(); ++i)
        if (labels.group[i] >= 0)
            fold[i] = met[static_cast<std::size_t>(labels.group[i])]++ %
                      static_cast<std::size_t>(params.folds);
    std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
    for (std::size_t f = 0; f < static_cast<std::size_t>(params.folds); ++f) {
        std::vector<int> rest = labels.group;
        for (std::size_t i = 0; i < rest.size(); ++i)
            if (fold[i] == f) rest[i] = -1;
        const GaussianGroups groups =
            fit_groups(points.coordinates, rest, labels.names.size(), params.prior_samples);
        const GroupClassifier classifier(groups);
        for (std::size_t i = 0; i < rest.size(); ++i) {
            if (labels.group[i] < 0 || fold[i] != f) continue;
            const auto a = classifier.classify(points.coordinates.row(static_cast<Index>(i)));
            ++counts[{labels.names[static_cast<std::size_t>(labels.group[i])],
                      group_of(params, a, labels.names)}];
        }
    }
    TableData table(ancestry_accuracy_table());
    for (const auto& [pair, count] : counts) {
        table.column<std::string>("reference_group").push_back(pair.first);
        table.column<std::string>("group").push_back(pair.second);
        table.column<std::uint64_t>("samples").push_back(count);
    }
    return table;
}

TableData mixture_rows(const MixtureChoice& choice) {
    TableData table(ancestry_mixtures_table());
    for (std::size_t k = 0; k < choice.tried.size(); ++k) {
        table.column<std::uint32_t>("groups").push_back(static_cast<std::uint32_t>(k + 1));
        table.column<double>("log_likelihood").push_back(choice.tried[k].log_likelihood);
        table.column<double>("bic").push_back(choice.tried[k].bic);
        table.column<std::uint8_t>("converged").push_back(choice.tried[k].converged ? 1 : 0);
        table.column<std::uint8_t>("chosen").push_back(k == choice.best ? 1 : 0);
    }
    return table;
}

TableData sample_rows(const AncestryParams& params, const Points& points, const Named& named,
                      const std::optional<Labels>& labels) {
    TableData table(ancestry_samples_table());
    const GroupClassifier classifier(named.groups);
    for (std::size_t i = 0; i < points.id.size(); ++i) {
        const auto a = classifier.classify(points.coordinates.row(static_cast<Index>(i)));
        const bool labelled = labels && labels->group[i] >= 0;
        table.column<std::string>("sample_id").push_back(points.id[i]);
        table.column<std::string>("group").push_back(group_of(params, a, named.names));
        table.column<std::string>("best_group").push_back(named.names[a.best]);
        table.column<double>("probability").push_back(a.probability);
        table.column<double>("distance").push_back(a.distance);
        table.column<double>("outlier_p").push_back(a.outlier_p);
        table.column<std::string>("second_group")
            .push_back(a.second == a.best ? "" : named.names[a.second]);
        table.column<double>("second_probability").push_back(a.second_probability);
        table.column<std::string>("reference_group")
            .push_back(labelled ? labels->names[static_cast<std::size_t>(labels->group[i])] : "");
    }
    return table;
}

TableData group_rows(const Points& points, const Named& named, const TableData& samples) {
    TableData table(ancestry_groups_table(points.scale.size()));
    const auto& assigned = samples.column<std::string>("group");
    const auto& reference = samples.column<std::string>("reference_group");
    for (std::size_t g = 0; g < named.names.size(); ++g) {
        const auto count = [&](const std::vector<std::string>& column) {
            return static_cast<std::uint64_t>(
                std::count(column.begin(), column.end(), named.names[g]));
        };
        table.column<std::string>("group").push_back(named.names[g]);
        table.column<std::uint64_t>("samples").push_back(count(assigned));
        table.column<std::uint64_t>("reference_samples").push_back(count(reference));
        for (std::size_t k = 0; k < points.scale.size(); ++k)
            table.column<double>(text("pc", k + 1))
                .push_back(named.groups.means[g](static_cast<Index>(k)) / points.scale[k]);
    }
    return table;
}

struct Result {
    Named named;
    std::optional<Labels> labels;
    std::optional<TableData> accuracy, mixtures;
};

Result by_labels(const AncestryParams& params, const RunContext& context, const Points& points) {
    Result result;
    result.labels = read_labels(context.input("labels"), points,
                                static_cast<std::size_t>(params.group_size_min));
    const Labels& labels = *result.labels;
    if (labels.without_sample > 0)
        context.log().warning(text(with_thousands(labels.without_sample),
                                   " labelled samples are not among the components"));
    result.named.names = labels.names;
    result.named.groups =
        fit_groups(points.coordinates, labels.group, labels.names.size(), params.prior_samples);
    result.accuracy = cross_validate(params, points, labels);
    return result;
}

Result by_clusters(const AncestryParams& params, const RunContext& context, const Points& points) {
    const auto chosen =
        fit_samples(points, static_cast<std::size_t>(params.fit_samples_max), context.seed());
    const MixtureOptions options{.groups_max = static_cast<std::size_t>(params.groups_max),
                                 .group_size_min = static_cast<std::size_t>(params.group_size_min),
                                 .restarts = static_cast<std::size_t>(params.starts),
                                 .seed = context.seed()};
    const MixtureChoice choice = choose_mixture(rows_of(points.coordinates, chosen), options);
    Result result;
    result.named.groups = choice.tried[choice.best].groups;
    for (std::size_t g = 0; g < result.named.groups.size(); ++g)
        result.named.names.push_back(text("cluster_", g + 1));
    if (choice.best + 1 == options.groups_max)
        context.log().warning("the largest number of clusters fits best: raise groups_max");
    if (!choice.tried[choice.best].converged)
        context.log().warning("the chosen mixture did not converge");
    result.mixtures = mixture_rows(choice);
    return result;
}

void require_samples(const AncestryParams& params, const Points& points) {
    if (points.id.size() > points.scale.size() + static_cast<std::size_t>(params.group_size_min))
        return;
    throw DataError({.what = text("there are ", points.id.size(), " samples with ",
                                  points.scale.size(), " components"),
                     .where = "input components",
                     .why = "the spread of a group needs more samples than components",
                     .help = "use fewer components"});
}

} // namespace
} // namespace ancestry

void run_ancestry(const AncestryParams& params, RunContext& context) {
    using namespace ancestry;
    context.publish("ancestry", [&](ResultWriter& out) {
        const Points points = read_points(context.inputs("components"),
                                          static_cast<std::size_t>(params.components_count));
        require_samples(params, points);
        const Result result = context.has_input("labels") ? by_labels(params, context, points)
                                                          : by_clusters(params, context, points);
        const TableData samples = sample_rows(params, points, result.named, result.labels);
        out.write(samples);
        out.write(group_rows(points, result.named, samples));
        if (result.accuracy) out.write(*result.accuracy);
        if (result.mixtures) out.write(*result.mixtures);
        if (result.labels)
            out.fact("labels_without_sample",
                     static_cast<std::int64_t>(result.labels->without_sample));
        const auto& group = samples.column<std::string>("group");
        context.log().info(text(
            with_thousands(group.size()), " samples in ", result.named.names.size(), " groups, ",
            std::count(group.begin(), group.end(), unassigned_group), " unassigned"));
    });
}

} // namespace salus

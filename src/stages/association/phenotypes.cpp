#include "stages/association/phenotypes.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/status_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace salus::association {
namespace {

std::vector<std::string> column_names(const H5File& file, std::string_view table) {
    std::vector<std::string> names;
    if (!file.is_table(table)) return names;
    for (const ColumnSpec& column : file.table_spec(table).columns) {
        if (column.type != ColumnType::text) names.push_back(column.name);
    }
    return names;
}

// What a file offers as traits: columns of the table, then rows of the status matrix.
struct Offered {
    std::vector<std::string> columns, all;
    std::optional<StatusMatrix> statuses;

    explicit Offered(const H5File& file)
        : columns(column_names(file, "traits")), all(columns), statuses(StatusMatrix::open(file)) {
        if (!statuses) return;
        for (const StatusTrait& trait : statuses->traits())
            if (!is_column(trait.name)) all.push_back(trait.name);
    }
    bool is_column(const std::string& name) const {
        return std::find(columns.begin(), columns.end(), name) != columns.end();
    }
    /// Row of the matrix, if there is no column of that name: definitions have both.
    std::optional<std::size_t> row(const std::string& name) const {
        return statuses && !is_column(name) ? statuses->find(name) : std::nullopt;
    }
    const StatusTrait* status(const std::string& name) const {
        const auto at = row(name);
        return at ? &statuses->traits()[*at] : nullptr;
    }
};

// Fewest cases, and controls, of a trait that is asked for by a pattern: with fewer, no test of a
// variant can find anything, and a phenome has many such traits.
constexpr std::uint64_t class_min = 20;

// The traits wanted: none = all columns; a name that ends with * = all that begin so, without those
// of the matrix that have too few cases or controls.
std::vector<std::string> wanted_traits(const Offered& offered,
                                       const std::vector<std::string>& named,
                                       std::vector<SkippedTrait>& skipped) {
    if (named.empty()) return offered.columns;
    std::vector<std::string> out;
    for (const std::string& name : named) {
        if (!name.ends_with('*')) {
            out.push_back(name);
            continue;
        }
        const std::string_view front = std::string_view(name).substr(0, name.size() - 1);
        bool any = false;
        for (const std::string& candidate : offered.all) {
            if (!candidate.starts_with(front)) continue;
            any = true;
            const StatusTrait* row = offered.status(candidate);
            if (row != nullptr && std::min(row->samples[0], row->samples[1]) < class_min)
                skipped.push_back({candidate, text("it has fewer than ", class_min,
                                                   " cases or controls among all samples")});
            else
                out.push_back(candidate);
        }
        if (!any) out.push_back(name); // told as an unknown name
    }
    return out;
}

// All names, or the first of very many.
std::string some_names(const std::vector<std::string>& known) {
    constexpr std::size_t shown = 50;
    if (known.size() <= shown) return join(known, ", ");
    return text(join(std::span(known).first(shown), ", "), " and ", known.size() - shown, " more");
}

Problem unknown_name(const std::string& kind, const std::string& name,
                     const std::vector<std::string>& known, const H5File& file) {
    const auto near = nearest(name, known);
    return {.what = text("there is no ", kind, " \"", name, "\""),
            .where = file.path().string(),
            .why = known.empty() ? text("the file has no ", kind, "s")
                                 : text("the file has: ", some_names(known)),
            .help = near ? text("did you mean \"", *near, "\"?") : text("use one of these names")};
}

void check_names(const std::string& kind, const std::vector<std::string>& wanted,
                 const std::vector<std::string>& known, const H5File& file,
                 std::vector<Problem>& problems) {
    std::set<std::string> seen;
    for (const std::string& name : wanted) {
        if (!seen.insert(name).second) {
            problems.push_back({.what = text(kind, " \"", name, "\" is named twice"),
                                .where = text("parameter ", kind, "s"),
                                .why = "each may be used once",
                                .help = "remove one"});
        } else if (std::find(known.begin(), known.end(), name) == known.end()) {
            problems.push_back(unknown_name(kind, name, known, file));
        }
    }
}

std::vector<std::string> kinds_of(const H5File& file, const Offered& offered,
                                  const std::vector<std::string>& traits) {
    const TableData info = file.read("trait_info", {"name", "kind"});
    const auto& names = info.column<std::string>("name");
    std::vector<std::string> kinds;
    for (const std::string& trait : traits) {
        if (offered.status(trait) != nullptr) {
            kinds.emplace_back("binary");
            continue;
        }
        const auto at = std::find(names.begin(), names.end(), trait);
        if (at == names.end()) {
            throw DataError({.what = text("trait \"", trait, "\" has no row in trait_info"),
                             .where = file.path().string(),
                             .why = "the kind of a trait decides which test it gets",
                             .help = "make the file with the phenotypes stage"});
        }
        kinds.push_back(
            info.column<std::string>("kind")[static_cast<std::size_t>(at - names.begin())]);
    }
    return kinds;
}

bool testable(const std::string& kind, Times times) {
    return kind == "quantitative" || kind == "binary" ||
           (kind == "time_to_event" && times != Times::refused) ||
           (kind == "ordinal" && times == Times::and_ordinal);
}

// "quantitative, binary and time-to-event" and so on, with the last conjunction given.
std::string tested_kinds(Times times, std::string_view conjunction) {
    switch (times) {
    case Times::refused:
        return text("quantitative ", conjunction, " binary");
    case Times::accepted:
        return text("quantitative, binary ", conjunction, " time-to-event");
    case Times::and_ordinal:
        return text("quantitative, binary, ordinal ", conjunction, " time-to-event");
    }
    return {};
}

void check_samples(const H5File& file, const SampleTable& samples) {
    const TableData table = file.read("samples", {"sample_id"});
    const auto& ids = table.column<std::string>("sample_id");
    const auto mismatch =
        std::mismatch(ids.begin(), ids.end(), samples.id.begin(), samples.id.end());
    if (mismatch.first == ids.end() && mismatch.second == samples.id.end()) return;
    throw DataError(
        {.what = text("the samples differ from those of the genotypes, first in row ",
                      mismatch.first - ids.begin() + 1),
         .where = text(file.path().string(), ", table samples: ", ids.size(),
                       " samples; genotypes: ", samples.size()),
         .why = "rows of the phenotype table are samples in the order of the genotype store",
         .help = "make the phenotype table from the same genotype store"});
}

// Values of a trait, and its times at risk.
void read_values(const H5File& file, const Offered& offered, Trait& trait) {
    const auto row = offered.row(trait.name);
    trait.values = row ? offered.statuses->values(*row)
                       : file.read_array<double>(text("traits/", trait.name));
    if (!trait.survival) return;
    const std::string time = text("times/", trait.name), entry = time + ".entry";
    trait.time = file.read_array<double>(time);
    if (file.exists(entry)) trait.entry = file.read_array<double>(entry);
}

void drop_values(Trait& trait) {
    trait.values = {};
    trait.time = {};
    trait.entry = {};
}

// What is wrong with the time at risk of those who have the trait.
std::optional<std::string> wrong_time(const Trait& trait) {
    for (std::size_t i = 0; trait.survival && i < trait.values.size(); ++i) {
        if (std::isnan(trait.values[i])) continue;
        const double begin = trait.entry.empty() ? 0 : trait.entry[i];
        if (std::isfinite(trait.time[i]) && trait.time[i] > 0 && begin >= 0 &&
            begin < trait.time[i])
            continue;
        return text("its time at risk in row ", i + 1,
                    " of the table times is missing, not positive, or begins behind its end");
    }
    return std::nullopt;
}

// Why a trait cannot be used, whatever the samples.
std::optional<std::string> wrong_value(const Trait& trait) {
    for (const double value : trait.values) {
        if (std::isinf(value)) return "it has an infinite value";
        if ((trait.binary || trait.survival) && !std::isnan(value) && value != 0 && value != 1)
            return "it has a value that is not 0 (control or censored), 1 (case or event) or "
                   "missing";
    }
    return std::nullopt;
}

} // namespace

Times tested_times(const AssociationParams& params, bool relatives) noexcept {
    return relatives || params.coding == "genotypic" ? Times::refused : Times::and_ordinal;
}

Choice choose(const H5File& file, const AssociationParams& params, std::vector<Problem>& problems,
              Times times) {
    Choice choice;
    const Offered offered(file);
    const auto covariates = column_names(file, "covariates");
    const auto wanted = wanted_traits(offered, params.traits, choice.skipped);
    check_names("trait", wanted, offered.all, file, problems);
    check_names("covariate", params.covariates, covariates, file, problems);
    if (!params.strata.empty())
        check_names("covariate", {params.strata}, covariates, file, problems);
    if (!problems.empty()) return choice;
    choice.covariates = params.covariates.empty() ? covariates : params.covariates;
    std::erase(choice.covariates, params.strata);
    const auto kinds = kinds_of(file, offered, wanted);
    for (std::size_t t = 0; t < wanted.size(); ++t) {
        if (testable(kinds[t], times)) {
            choice.traits.push_back(wanted[t]);
            choice.kinds.push_back(kinds[t]);
        } else if (params.traits.empty()) {
            choice.skipped.push_back({wanted[t], text("kind \"", kinds[t], "\" has no test")});
        } else {
            problems.push_back(
                {.what = text("trait \"", wanted[t], "\" is of kind \"", kinds[t], "\""),
                 .where = file.path().string(),
                 .why = text("this stage tests ", tested_kinds(times, "and"), " traits"),
                 .help = "take it out of the parameter traits"});
        }
    }
    if (choice.traits.empty() && problems.empty()) {
        problems.push_back({.what = text("there is no ", tested_kinds(times, "or"), " trait"),
                            .where = file.path().string(),
                            .why = "association needs at least one",
                            .help = offered.statuses
                                        ? "name traits of the status matrix, for example traits = "
                                          "[\"phecode_*\"]"
                                        : "add a trait to the phenotype definitions or the trait "
                                          "table"});
    }
    return choice;
}

Phenotypes read_phenotypes(const std::filesystem::path& path, const SampleTable& samples,
                           const AssociationParams& params, Times times, Values values) {
    const H5File file = H5File::open(path);
    check_samples(file, samples);
    std::vector<Problem> problems;
    Choice choice = choose(file, params, problems, times);
    if (!problems.empty()) throw UsageError(std::move(problems));
    Phenotypes phenotypes{.skipped = std::move(choice.skipped)};
    const Offered offered(file);
    const auto kinds = kinds_of(file, offered, choice.traits);
    for (std::size_t t = 0; t < choice.traits.size(); ++t) {
        const std::string& name = choice.traits[t];
        Trait trait{.name = name, .binary = kinds[t] == "binary"};
        trait.survival = kinds[t] == "time_to_event";
        trait.ordinal = kinds[t] == "ordinal";
        read_values(file, offered, trait);
        auto reason = wrong_value(trait);
        if (!reason) reason = wrong_time(trait);
        if (reason) {
            phenotypes.skipped.push_back({name, *reason});
            continue;
        }
        if (values == Values::checked) drop_values(trait);
        phenotypes.traits.push_back(std::move(trait));
    }
    for (const std::string& name : choice.covariates) {
        phenotypes.covariates.push_back(
            {.name = name, .values = file.read_array<double>(text("covariates/", name))});
    }
    if (!params.strata.empty())
        phenotypes.strata =
            Covariate{.name = params.strata,
                      .values = file.read_array<double>(text("covariates/", params.strata))};
    return phenotypes;
}

void load_values(const std::filesystem::path& path, std::size_t first, std::size_t last,
                 Phenotypes& phenotypes) {
    std::optional<H5File> file;
    std::optional<Offered> offered;
    for (std::size_t t = 0; t < phenotypes.traits.size(); ++t) {
        Trait& trait = phenotypes.traits[t];
        if (t < first || t >= last) {
            drop_values(trait);
        } else if (trait.values.empty()) {
            if (!file) offered.emplace(file.emplace(H5File::open(path)));
            read_values(*file, *offered, trait);
        }
    }
}

} // namespace salus::association

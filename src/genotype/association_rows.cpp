#include "genotype/association_rows.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::uint64_t rows_at_once = 65536;

[[noreturn]] void refuse(const H5File& file, std::string what, std::string help) {
    throw DataError({.what = std::move(what),
                     .where = file.path().string(),
                     .why = "statistics are read from the tables variants and traits/NAME",
                     .help = std::move(help)});
}

std::vector<std::string> traits_in(const H5File& file) {
    const bool result = file.is_table("variants") && file.exists("traits");
    auto traits = result ? file.members("traits") : std::vector<std::string>();
    if (traits.empty())
        refuse(file, "the file holds no association statistics",
               "give the result of the stage association");
    return traits;
}

std::string choose_trait(const H5File& file, const std::string& trait) {
    const auto traits = traits_in(file);
    const std::string some =
        text(join(std::span(traits).first(std::min<std::size_t>(traits.size(), 10)), ", "),
             traits.size() > 10 ? " ..." : "");
    if (trait.empty() && traits.size() > 1)
        refuse(file, text("the file holds ", traits.size(), " traits: ", some),
               "name the one to read");
    const std::string chosen = trait.empty() ? traits.front() : trait;
    if (std::find(traits.begin(), traits.end(), chosen) == traits.end()) {
        const auto meant = nearest(chosen, traits);
        refuse(
            file, text("the file has no trait '", chosen, "'"),
            text(meant ? text("did you mean '", *meant, "'? ") : std::string(), "it has: ", some));
    }
    return chosen;
}

double number_at(const ColumnData& column, std::size_t row) {
    return std::visit(
        [&](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, std::string>)
                return SummaryRow::none;
            else
                return static_cast<double>(values[row]);
        },
        column);
}

/// The column where it is, in the statistics first; NaN if nowhere.
double number_of(const TableData& statistics, const TableData& variants, std::string_view name,
                 std::size_t row) {
    for (const TableData* table : {&statistics, &variants})
        for (std::size_t c = 0; c < table->spec().columns.size(); ++c)
            if (table->spec().columns[c].name == name) return number_at(table->columns()[c], row);
    return SummaryRow::none;
}

std::vector<std::string> present(const H5File& file, const std::string& table,
                                 std::initializer_list<const char*> wanted) {
    std::vector<std::string> names;
    const TableSpec spec = file.table_spec(table);
    for (const char* name : wanted)
        if (std::any_of(spec.columns.begin(), spec.columns.end(),
                        [&](const ColumnSpec& c) { return c.name == name; }))
            names.emplace_back(name);
    return names;
}

} // namespace

std::vector<std::string> association_traits(const std::filesystem::path& path) {
    return traits_in(H5File::open(path));
}

AssociationRows::AssociationRows(const std::filesystem::path& path, const std::string& trait)
    : file_(H5File::open(path)), trait_(choose_trait(file_, trait)),
      table_(text("traits/", trait_)), rows_(file_.rows(table_)) {
    if (file_.rows("variants") != rows_)
        throw DataError({.what = text("table ", table_, " has ", rows_, " rows, table variants ",
                                      file_.rows("variants")),
                         .where = path.string(),
                         .why = "their rows belong together",
                         .help = {}});
}

std::string AssociationRows::genome_build() const {
    return file_.text_attribute("/", "genome_build").value_or("");
}

bool AssociationRows::has(std::string_view column) const {
    const auto in = [&](const std::string& table) {
        const TableSpec spec = file_.table_spec(table);
        return std::any_of(spec.columns.begin(), spec.columns.end(),
                           [&](const ColumnSpec& c) { return c.name == column; });
    };
    return in(table_) || in("variants");
}

void AssociationRows::load() {
    begin_ = at_;
    const std::uint64_t count = std::min(rows_at_once, rows_ - begin_);
    variants_ =
        file_.read_rows("variants", begin_, count,
                        present(file_, "variants",
                                {"chromosome", "base_pair_location", "variant_id", "other_allele",
                                 "effect_allele", "effect_allele_frequency", "n"}));
    statistics_ = file_.read_rows(
        table_, begin_, count,
        present(file_, table_,
                {"effect_allele_frequency", "n", "beta", "standard_error", "z", "neg_log10_p"}));
}

bool AssociationRows::next(SummaryRow& row) {
    if (at_ == rows_) return false;
    if (!variants_ || at_ == begin_ + variants_->rows()) load();
    const auto i = static_cast<std::size_t>(at_++ - begin_);
    row.chromosome = variants_->column<std::string>("chromosome")[i];
    row.position = variants_->column<std::uint32_t>("base_pair_location")[i];
    row.variant_id = variants_->column<std::string>("variant_id")[i];
    row.effect_allele = variants_->column<std::string>("effect_allele")[i];
    row.other_allele = variants_->column<std::string>("other_allele")[i];
    const auto number = [&](std::string_view name) {
        return number_of(*statistics_, *variants_, name, i);
    };
    row.effect_allele_frequency = number("effect_allele_frequency");
    row.n = number("n");
    row.beta = number("beta");
    row.standard_error = number("standard_error");
    row.z = number("z");
    row.neg_log10_p = number("neg_log10_p");
    row.p_is_zero = false;
    return true;
}

std::string AssociationRows::where(std::string_view column) const {
    std::string place = text(file_.path().string(), ", ", table_, ", row ", at_);
    if (!column.empty()) place += text(", column ", column);
    return place;
}

} // namespace salus

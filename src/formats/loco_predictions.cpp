#include "formats/loco_predictions.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/regenie_loco.hpp"
#include "genotype/result_marks.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace salus {
namespace {

bool is_hdf5(const std::filesystem::path& path) {
    InputFile file(path);
    std::array<std::byte, 4> magic{};
    constexpr std::array<char, 4> expected{'\x89', 'H', 'D', 'F'};
    return file.read(magic) == magic.size() &&
           std::equal(magic.begin(), magic.end(), expected.begin(),
                      [](std::byte a, char b) { return a == static_cast<std::byte>(b); });
}

/// null_model.h5.
class ResultPredictions : public LocoPredictions::Source {
public:
    ResultPredictions(const std::filesystem::path& path, const SampleTable& samples)
        : file_(H5File::open(path)), samples_(samples.size()) {
        for (const char* table : {"samples", "traits", "chromosomes"})
            if (!file_.is_table(table)) throw_foreign(table);
        require_same_rows(file_, samples, 0, "null_model");
        traits_ = file_.read("traits", {"name"}).column<std::string>("name");
        chromosomes_ = file_.read("chromosomes", {"chromosome"}).column<std::string>("chromosome");
        if (chromosomes_.empty() || chromosomes_.back() != "other") throw_foreign("chromosomes");
    }
    const std::vector<std::string>& traits() const override { return traits_; }

    std::vector<double> offset(std::size_t trait, const std::string& chromosome) const override {
        const std::string name = text("loco/", traits_[trait]);
        const auto found = std::find_if(
            chromosomes_.begin(), chromosomes_.end() - 1,
            [&](const std::string& written) { return loco_chromosome(written) == chromosome; });
        const std::vector<std::uint64_t> shape = file_.shape(name);
        if (shape != std::vector<std::uint64_t>{chromosomes_.size(), samples_}) throw_foreign(name);
        return file_.read_rows<double>(name,
                                       static_cast<std::uint64_t>(found - chromosomes_.begin()), 1);
    }

    bool in_standard_deviations() const noexcept override { return false; }

    LocoLedger ledger(std::size_t trait) const override {
        LocoLedger ledger;
        for (const double value : offset(trait, "other"))
            ++(std::isnan(value) ? ledger.without_prediction : ledger.matched);
        return ledger;
    }

private:
    [[noreturn]] void throw_foreign(const std::string& what) const {
        throw DataError({.what = text("the file is not a result of null_model: ", what,
                                      " is not there or not as expected"),
                         .where = file_.path().string(),
                         .why = "predictions are read from null_model.h5 or a _pred.list",
                         .help = "run null_model on these genotypes"});
    }
    H5File file_;
    std::size_t samples_;
    std::vector<std::string> traits_, chromosomes_;
};

} // namespace

std::string loco_chromosome(std::string_view chromosome) {
    if (chromosome.size() > 3 && lower(chromosome.substr(0, 3)) == "chr")
        chromosome.remove_prefix(3);
    std::string plain(chromosome);
    std::transform(plain.begin(), plain.end(), plain.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> same{
        {{"23", "X"}, {"24", "Y"}, {"25", "XY"}, {"26", "MT"}, {"M", "MT"}}};
    for (const auto& [number, name] : same)
        if (plain == number) return std::string(name);
    return plain == "OTHER" ? "other" : plain;
}

LocoPredictions::LocoPredictions(std::filesystem::path path, std::unique_ptr<Source> source)
    : path_(std::move(path)), source_(std::move(source)) {}
LocoPredictions::~LocoPredictions() = default;
LocoPredictions::LocoPredictions(LocoPredictions&&) noexcept = default;
LocoPredictions& LocoPredictions::operator=(LocoPredictions&&) noexcept = default;

LocoPredictions LocoPredictions::open(const std::filesystem::path& path,
                                      const SampleTable& samples) {
    if (is_hdf5(path)) return {path, std::make_unique<ResultPredictions>(path, samples)};
    return {path, open_regenie_loco(path, samples)};
}

bool LocoPredictions::in_standard_deviations() const noexcept {
    return source_->in_standard_deviations();
}

const std::vector<std::string>& LocoPredictions::traits() const noexcept {
    return source_->traits();
}

bool LocoPredictions::has(std::string_view trait) const noexcept {
    const auto& names = traits();
    return std::find(names.begin(), names.end(), trait) != names.end();
}

std::size_t LocoPredictions::place(std::string_view trait) const {
    const auto& names = traits();
    const auto at = std::find(names.begin(), names.end(), trait);
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
    const auto near = nearest(trait, names);
    throw DataError({.what = text("there are no whole-genome predictions of trait \"", trait, "\""),
                     .where = path_.string(),
                     .why = text("the file has: ", join(names, ", ")),
                     .help = near ? text("did you mean \"", *near, "\"?")
                                  : text("run null_model for this trait, or leave the trait out")});
}

std::vector<double> LocoPredictions::offset(std::string_view trait,
                                            std::string_view chromosome) const {
    return source_->offset(place(trait), loco_chromosome(chromosome));
}

LocoLedger LocoPredictions::ledger(std::string_view trait) const {
    return source_->ledger(place(trait));
}

} // namespace salus

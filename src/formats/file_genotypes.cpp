#include "formats/file_genotypes.hpp"

#include "base/error.hpp"
#include "base/problems.hpp"
#include "formats/genotype_reader.hpp"
#include "genotype/store_layout.hpp"
#include "schema/existing_input.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace salus {
namespace {

class FileGenotypes final : public GenotypeSource {
public:
    explicit FileGenotypes(const std::filesystem::path& path);

    const SampleTable& samples() const override { return samples_; }
    std::uint64_t variant_count() const override { return places().variants; }
    const std::string& genome_build() const override { return options_.genome_build; }
    std::uint64_t block_variants() const override { return block_; }
    bool may_have_dosages() const override { return file_->may_have_dosages(options_); }
    std::vector<Variant> variants(VariantRange range) const override;
    void read(VariantRange range, VariantBlock& out, WithPhase phase) const override;

private:
    struct Place {
        std::uint64_t first_variant, begin; // of a record
    };
    struct Places {
        std::vector<Place> every;            // about block_ variants apart
        std::uint64_t variants = 0, end = 0; // of the file, as FileRange has it
    };
    const Places& places() const;
    void index_records() const;
    /// Makes record_ the one that holds `variant`.
    void go_to(std::uint64_t variant) const;
    template <class Use>
    void for_each(VariantRange range, Use use) const;

    static constexpr std::uint64_t range_bytes = std::uint64_t{1} << 20;
    std::unique_ptr<GenotypeFile> file_;
    ReadOptions options_;
    SampleTable samples_;
    std::uint64_t block_;

    mutable std::unique_ptr<Places> places_;
    mutable std::unique_ptr<GenotypeReader> reader_;
    mutable GenotypeRecord record_;                           // what reader_ gave last
    mutable std::uint64_t record_first_ = 0, record_end_ = 0; // its variants
    mutable VariantRange known_;                              // of the last read
    mutable std::vector<Variant> known_variants_;
};

FileGenotypes::FileGenotypes(const std::filesystem::path& path) : file_(open_genotype_file(path)) {
    samples_ = file_->take_samples();
    if (samples_.size() == 0)
        throw DataError({.what = "the cohort is empty: there are no samples",
                         .where = path.string(),
                         .why = {},
                         .help = "give a file with genotypes"});
    block_ = store_block_variants(samples_.size());
}

const FileGenotypes::Places& FileGenotypes::places() const {
    if (places_ == nullptr) index_records();
    return *places_;
}

void FileGenotypes::index_records() const {
    auto made = std::make_unique<Places>();
    if (file_->counts_variants()) {
        made->variants = made->end = file_->records();
        for (std::uint64_t v = 0; v < made->variants; v += block_)
            made->every.push_back({v, v});
    } else {
        for (const FileRange range : file_->ranges(range_bytes, options_)) {
            const auto reader = file_->read(range, options_, samples_.sex);
            made->every.push_back({made->variants, range.begin});
            made->end = range.end;
            while (reader->next(record_)) {
                made->variants += record_.variants.size();
                const bool far = made->variants - made->every.back().first_variant >= block_;
                if (const std::uint64_t next = far ? reader->next_record() : 0; next != 0)
                    made->every.push_back({made->variants, next});
            }
        }
    }
    reader_.reset();
    places_ = std::move(made);
}

void FileGenotypes::go_to(std::uint64_t variant) const {
    const Places& known = places();
    const auto after =
        std::upper_bound(known.every.begin(), known.every.end(), variant,
                         [](std::uint64_t v, const Place& p) { return v < p.first_variant; });
    const Place& near = *(after - 1); // the last of those that begin with the same variant
    if (reader_ == nullptr || variant < record_first_ || near.first_variant > record_end_) {
        reader_ = file_->read({near.begin, known.end}, options_, samples_.sex);
        record_first_ = record_end_ = near.first_variant;
    }
    while (variant >= record_end_) {
        if (!reader_->next(record_))
            throw IntegrityError({.what = "the file became shorter",
                                  .where = file_->path().string(),
                                  .why = "it changed while it was read",
                                  .help = "run again when nobody writes to it"});
        record_first_ = record_end_;
        record_end_ += record_.variants.size();
    }
}

template <class Use>
void FileGenotypes::for_each(VariantRange range, Use use) const {
    SALUS_ASSERT(range.begin <= range.end && range.end <= variant_count());
    for (std::uint64_t v = range.begin; v < range.end; ++v) {
        go_to(v);
        use(v - record_first_);
    }
}

void FileGenotypes::read(VariantRange range, VariantBlock& out, WithPhase phase) const {
    out.reset(range.begin, samples_.size(), range.size());
    known_ = {};
    known_variants_.clear();
    for_each(range, [&](std::size_t v) {
        GenotypeView view = record_.view(v);
        if (phase == WithPhase::no) view.phase = {};
        out.add(view);
        known_variants_.push_back(record_.variants[v]);
    });
    known_ = range;
}

std::vector<Variant> FileGenotypes::variants(VariantRange range) const {
    if (range.begin >= known_.begin && range.end <= known_.end) {
        const auto from =
            known_variants_.begin() + static_cast<std::ptrdiff_t>(range.begin - known_.begin);
        return {from, from + static_cast<std::ptrdiff_t>(range.size())};
    }
    std::vector<Variant> found;
    for_each(range, [&](std::size_t v) { found.push_back(record_.variants[v]); });
    return found;
}

} // namespace

std::unique_ptr<GenotypeSource> open_any_genotypes(const std::filesystem::path& path) {
    if (std::filesystem::is_directory(path)) return open_genotypes(path);
    return std::make_unique<FileGenotypes>(path);
}

GenotypeSizes genotype_sizes(const std::filesystem::path& path) {
    if (std::filesystem::is_directory(path)) {
        const auto store = open_genotypes(path);
        return {store->samples().size(), store->variant_count(), store->may_have_dosages()};
    }
    const auto file = open_genotype_file(path);
    return {file->samples().size(), file->records(), file->may_have_dosages({})};
}

void examine_genotypes(const Inputs& inputs, Workload& sizes, std::vector<Problem>& problems) {
    const auto* path = existing_input(inputs, "genotypes");
    if (path == nullptr) return;
    try {
        const GenotypeSizes known = genotype_sizes(*path);
        sizes.samples = static_cast<double>(known.samples);
        sizes.variants = static_cast<double>(known.variants);
        sizes.dosages = known.dosages;
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

std::optional<CountedAutosomes> examine_variant_set(const Inputs& inputs, double frequency_min,
                                                    Workload& sizes,
                                                    std::vector<Problem>& problems) {
    sizes.pruned = inputs.contains("ld");
    const auto* quality = sizes.pruned ? nullptr : existing_input(inputs, "quality");
    try {
        auto counted = count_autosomal(existing_input(inputs, "ld"), quality, frequency_min);
        if (counted) sizes.set_variants = counted->variants;
        return counted;
    } catch (const Error& error) {
        keep_problems(error, problems);
        return std::nullopt;
    }
}

double block_rows(const Workload& sizes) {
    return static_cast<double>(store_block_variants(static_cast<std::uint64_t>(sizes.samples)));
}

double dosage_bytes(const Workload& sizes, double rows) {
    if (!sizes.dosages) return 0;
    const double block = block_rows(sizes);
    rows = std::max(rows, block);
    if (sizes.variants > 0) rows = std::min(rows, sizes.variants);
    return 2 * sizes.samples * rows + std::max(0.0, 2 * sizes.samples * block - 0x1p22);
}

double variants_at_once(const Workload& sizes, double bytes, double units) {
    const double rows = bytes / (sizes.samples / 4 + 1);
    return sizes.variants > 0 ? std::min(rows, std::max(block_rows(sizes), sizes.variants / units))
                              : rows;
}

} // namespace salus

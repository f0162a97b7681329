#include "stages/ingest_genomes/unit_reader.hpp"

namespace salus {
namespace {

std::unique_ptr<GenotypeReader> read_range(const GenotypeCohort& cohort, std::size_t unit) {
    const IngestUnit& work = cohort.units[unit];
    return cohort.files[work.file]->read(work.range, cohort.options, cohort.file_sex);
}

/// Where the first record from a unit on lies; nothing if there is none.
std::optional<Place> first_place(const GenotypeCohort& cohort, std::size_t unit) {
    GenotypeRecord record;
    for (; unit < cohort.units.size(); ++unit)
        if (read_range(cohort, unit)->next(record))
            return Place{record.variants.front().chromosome, record.variants.front().position};
    return std::nullopt;
}

} // namespace

/// The range of a unit and what follows it up to `reach` bases behind a place.
class UnitReader::Stream final : public GenotypeReader {
public:
    Stream(const GenotypeCohort& cohort, std::size_t unit, std::optional<Place> end)
        : cohort_(cohort), unit_(unit), end_(std::move(end)), reader_(read_range(cohort, unit)) {}

    bool next(GenotypeRecord& out) override {
        while (reader_ != nullptr) {
            const bool found = reader_->next(out);
            if (!behind_) counters_ = reader_->counters();
            if (found) {
                if (!behind_ || is_within(out.variants.front())) return true;
                break;
            }
            behind_ = true;
            if (!end_ || ++unit_ >= cohort_.units.size()) break;
            reader_ = read_range(cohort_, unit_);
        }
        reader_.reset();
        return false;
    }

private:
    bool is_within(const Variant& variant) const noexcept {
        return variant.chromosome == end_->chromosome && variant.position < end_->position;
    }

    const GenotypeCohort& cohort_;
    std::size_t unit_;
    std::optional<Place> end_;
    std::unique_ptr<GenotypeReader> reader_;
    bool behind_ = false; // past the range of the unit
};

UnitReader::UnitReader(const GenotypeCohort& cohort, std::size_t unit) {
    if (!cohort.reference) {
        range_ = read_range(cohort, unit);
        last_ = range_.get();
    } else {
        NormalizeOptions options = cohort.normalize;
        const auto shifted = [&](std::size_t u) {
            std::optional<Place> place = first_place(cohort, u);
            if (place) place->position += options.window;
            return place;
        };
        if (unit > 0) options.from = shifted(unit);
        options.to = shifted(unit + 1);
        std::optional<Place> end = options.to;
        if (end) end->position += options.window;
        genome_ = std::make_unique<ReferenceGenome>(*cohort.reference);
        range_ = std::make_unique<Stream>(cohort, unit, std::move(end));
        normalized_ =
            std::make_unique<NormalizingReader>(*range_, *genome_, options, cohort.file_sex.size());
        last_ = normalized_.get();
    }
    if (cohort.selection.empty()) return;
    selected_ = std::make_unique<SelectingReader>(*last_, cohort.selection);
    last_ = selected_.get();
}

ReadCounters UnitReader::counters() const {
    ReadCounters total = range_->counters();
    if (normalized_) {
        total.variants = 0;
        total += normalized_->counters();
    }
    if (selected_) {
        total.unlisted = selected_->counters().unlisted;
        total.variants -= total.unlisted;
    }
    return total;
}

std::vector<std::uint64_t> UnitReader::included() {
    return selected_ ? selected_->included() : std::vector<std::uint64_t>{};
}

std::vector<std::uint64_t> UnitReader::excluded() {
    return selected_ ? selected_->excluded() : std::vector<std::uint64_t>{};
}

} // namespace salus

#include "stages/score/sums.hpp"

#include "base/cache_lines.hpp"
#include "kernels/dosage_products.hpp"
#include "kernels/genotype_counts.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace salus::score {
namespace {

constexpr std::size_t tile = 2048;                        // samples of a task
constexpr std::size_t job_columns_max = 256;              // scores that are summed together
constexpr std::size_t batch_bytes = std::size_t{1} << 26; // of genotypes

/// Entries of one file that are of a unit.
struct Slice {
    std::size_t file = 0, width = 0;
    std::vector<std::uint64_t> row;
    std::vector<std::uint8_t> alt;
    std::vector<double> weights; // [entry][width]
    std::size_t at = 0;          // first entry that is not done
};

/// Genotypes of used variants until they are summed.
class Batch {
public:
    explicit Batch(std::size_t samples)
        : row_bytes_((packed_bytes(samples) + 63) / 64 * 64), samples_(samples) {}
    bool full() const noexcept {
        return kept_.size() == 2048 ||
               calls_.size() * row_bytes_ + dosages_.size() * 2 * samples_ >= batch_bytes;
    }
    bool empty() const noexcept { return kept_.empty(); }
    std::size_t size() const noexcept { return kept_.size(); }
    void clear() {
        free_calls_.insert(free_calls_.end(), std::make_move_iterator(calls_.begin()),
                           std::make_move_iterator(calls_.end()));
        calls_.clear();
        dosages_.clear();
        kept_.clear();
    }
    void add(const VariantBlock& block, std::size_t v, std::uint64_t row, double frequency) {
        Kept kept{.row = row, .frequency = frequency};
        if (block.has_dosages(v)) {
            dosages_.emplace_back(samples_);
            block.unpack_dosages(v, dosages_.back());
            kept.genotypes.dosages = dosages_.back();
        } else {
            calls_.push_back(take_row());
            std::uint8_t* out = calls_.back().data();
            block.unpack(v, std::span(out, packed_bytes(samples_)));
            kept.genotypes.row = out;
        }
        kept_.push_back(kept);
    }
    struct Kept {
        std::uint64_t row = 0;
        double frequency = 0;
        ScoredGenotypes genotypes;
    };
    const Kept& operator[](std::size_t i) const noexcept { return kept_[i]; }

private:
    CacheLines<std::uint8_t> take_row() {
        if (free_calls_.empty()) return CacheLines<std::uint8_t>(row_bytes_ + 1);
        auto row = std::move(free_calls_.back());
        free_calls_.pop_back();
        return row;
    }
    std::size_t row_bytes_, samples_;
    std::vector<CacheLines<std::uint8_t>> calls_, free_calls_;
    std::vector<std::vector<Dosage>> dosages_;
    std::vector<Kept> kept_;
};

/// ALT frequency among reference people; males count one allele on X.
class Frequencies {
public:
    Frequencies(const SumWork& work)
        : all_(work.reference), males_(males_of(work)), samples_(work.reference.size()) {}

    double operator()(const VariantBlock& block, std::size_t v, bool x_linked) const {
        double called = 0, copies = 0;
        add(block, v, all_, called, copies);
        called *= 2;
        if (x_linked && males_.count() > 0) {
            double male_called = 0, male_copies = 0;
            add(block, v, males_, male_called, male_copies);
            called -= male_called;
            copies -= male_copies / 2;
        }
        return called > 0 ? copies / called : std::numeric_limits<double>::quiet_NaN();
    }

private:
    static SampleMask males_of(const SumWork& work) {
        std::vector<std::uint8_t> males(work.reference.begin(), work.reference.end());
        const auto& sex = work.genotypes.samples().sex;
        for (std::size_t i = 0; i < males.size(); ++i)
            if (sex[i] != Sex::male) males[i] = 0;
        return SampleMask(males);
    }
    void add(const VariantBlock& block, std::size_t v, const SampleMask& mask, double& called,
             double& copies) const {
        if (block.has_dosages(v)) {
            std::vector<Dosage> dosages(samples_);
            block.unpack_dosages(v, dosages);
            const DosageMoments moments = dosage_moments(dosages, mask);
            called += static_cast<double>(moments.called);
            copies += static_cast<double>(moments.sum) / dosage_one;
            return;
        }
        const GenotypeCounts counts = block.is_carrier_list(v)
                                          ? count_genotypes(block.carriers(v), mask)
                                          : count_genotypes(block.row(v), mask);
        called += static_cast<double>(counts.called());
        copies += static_cast<double>(counts.alt_copies());
    }
    SampleMask all_, males_;
    std::size_t samples_;
};

/// Some columns over some variants of a batch.
struct JobPlan {
    std::vector<std::uint32_t> variants; // of the batch, ascending
    struct Entry {
        std::size_t slice, entry, variant; // variant: place among `variants`
    };
    std::vector<Entry> entries;
    std::vector<std::size_t> slices; // whose columns take part
};

class UnitSums {
public:
    UnitSums(const SumWork& work, std::vector<Slice>& slices)
        : work_(work), slices_(slices), samples_(work.genotypes.samples().size()),
          sums_(samples_ * work.columns.total, 0.0) {}

    void add(const Batch& batch) {
        const auto jobs = make_jobs(batch);
        const std::size_t stride = work_.columns.total;
        parallel_tasks((samples_ + tile - 1) / tile, [&](std::size_t t) {
            const std::size_t begin = t * tile, end = std::min(samples_, begin + tile);
            for (const ScoreJob& job : jobs)
                job.add(begin, end, sums_.data() + begin * stride, stride);
        });
    }
    std::span<const double> sums() const noexcept { return sums_; }

private:
    /// Files with many of the batch's variants are summed together, others by themselves, so that a
    /// short score does not pay for the variants of long ones.
    std::vector<ScoreJob> make_jobs(const Batch& batch) {
        std::vector<JobPlan> plans;
        JobPlan joint;
        std::size_t width = 0;
        for (std::size_t s = 0; s < slices_.size(); ++s) {
            JobPlan plan = plan_of(batch, s);
            if (plan.entries.empty()) continue;
            if (4 * plan.entries.size() < batch.size()) {
                plans.push_back(std::move(plan));
                continue;
            }
            if (width + slices_[s].width > job_columns_max && width > 0) {
                plans.push_back(std::exchange(joint, {}));
                width = 0;
            }
            width += slices_[s].width;
            join(joint, plan);
        }
        if (!joint.entries.empty()) plans.push_back(std::move(joint));
        std::vector<ScoreJob> jobs;
        for (const JobPlan& plan : plans)
            jobs.push_back(make_job(batch, plan));
        return jobs;
    }
    JobPlan plan_of(const Batch& batch, std::size_t s) {
        JobPlan plan{.variants = {}, .entries = {}, .slices = {s}};
        Slice& slice = slices_[s];
        for (std::size_t v = 0; v < batch.size() && slice.at < slice.row.size(); ++v) {
            if (slice.row[slice.at] != batch[v].row) continue;
            plan.entries.push_back({s, slice.at++, plan.variants.size()});
            plan.variants.push_back(static_cast<std::uint32_t>(v));
        }
        return plan;
    }
    static void join(JobPlan& joint, const JobPlan& plan) {
        std::vector<std::uint32_t> merged;
        std::set_union(joint.variants.begin(), joint.variants.end(), plan.variants.begin(),
                       plan.variants.end(), std::back_inserter(merged));
        const auto place = [&](std::uint32_t v) {
            return static_cast<std::size_t>(std::lower_bound(merged.begin(), merged.end(), v) -
                                            merged.begin());
        };
        for (auto& entry : joint.entries)
            entry.variant = place(joint.variants[entry.variant]);
        for (auto entry : plan.entries) {
            entry.variant = place(plan.variants[entry.variant]);
            joint.entries.push_back(entry);
        }
        joint.variants = std::move(merged);
        joint.slices.insert(joint.slices.end(), plan.slices.begin(), plan.slices.end());
    }
    ScoreJob make_job(const Batch& batch, const JobPlan& plan) const {
        std::vector<std::uint32_t> columns;
        std::vector<std::size_t> first(slices_.size());
        for (const std::size_t s : plan.slices) {
            first[s] = columns.size();
            const std::uint32_t from = work_.columns.first[slices_[s].file];
            for (std::uint32_t c = 0; c < work_.columns.width[slices_[s].file]; ++c)
                columns.push_back(from + c);
        }
        std::vector<ScoreTerm> terms(plan.variants.size() * columns.size());
        for (const auto& entry : plan.entries) {
            const Slice& slice = slices_[entry.slice];
            ScoreTerm* out = terms.data() + entry.variant * columns.size() + first[entry.slice];
            for (std::size_t c = 0; c < slice.width; ++c)
                out[c] = score_term(work_.mode, work_.missing, slice.alt[entry.entry] != 0,
                                    slice.weights[entry.entry * slice.width + c],
                                    batch[plan.variants[entry.variant]].frequency);
            if (work_.columns.counts_alleles) // two alleles where there is a genotype
                out[slice.width] = {.slope = 0, .constant = 2, .missing = 0};
        }
        std::vector<ScoredGenotypes> genotypes;
        for (const std::uint32_t v : plan.variants)
            genotypes.push_back(batch[v].genotypes);
        return {std::move(genotypes), std::move(columns), terms};
    }

    const SumWork& work_;
    std::vector<Slice>& slices_;
    std::size_t samples_;
    std::vector<double> sums_; // [sample][column]
};

/// Used variants [first, last) by unit: whole store blocks.
std::vector<std::pair<std::size_t, std::size_t>> cut_units(const SumWork& work) {
    const std::size_t least = std::max<std::size_t>(2048, std::size_t{32} * work.columns.total);
    const std::uint64_t block = std::max<std::uint64_t>(1, work.genotypes.block_variants());
    std::vector<std::pair<std::size_t, std::size_t>> units;
    for (std::size_t first = 0, i = 0; i < work.used.size(); ++i) {
        const bool ends =
            i + 1 == work.used.size() ||
            (i + 1 - first >= least && work.used[i + 1].row / block != work.used[i].row / block);
        if (!ends) continue;
        units.emplace_back(first, i + 1);
        first = i + 1;
    }
    return units;
}

std::vector<Slice> read_slices(const SumWork& work, std::uint64_t first_row,
                               std::uint64_t last_row) {
    std::vector<Slice> slices;
    for (std::uint64_t f = 0; f < work.matches.size(); ++f) {
        if (work.chosen[f] == 0) continue;
        const H5File part = work.matches.open(f);
        const auto row = part.read_array<std::uint64_t>("row");
        const auto from = std::lower_bound(row.begin(), row.end(), first_row);
        const auto to = std::upper_bound(from, row.end(), last_row);
        if (from == to) continue;
        const auto begin = static_cast<std::uint64_t>(from - row.begin());
        const auto count = static_cast<std::uint64_t>(to - from);
        Slice slice{.file = static_cast<std::size_t>(f),
                    .width = work.columns.width[f] - (work.columns.counts_alleles ? 1u : 0u),
                    .row = {from, to},
                    .alt = part.read_rows<std::uint8_t>("effect_is_alt", begin, count),
                    .weights = part.read_rows<double>("weights", begin, count)};
        slices.push_back(std::move(slice));
    }
    return slices;
}

void sum_unit(const SumWork& work, const Frequencies& frequencies, std::size_t first,
              std::size_t last, PartWriter& part) {
    auto slices = read_slices(work, work.used[first].row, work.used[last - 1].row);
    UnitSums sums(work, slices);
    const std::size_t samples = work.genotypes.samples().size();
    Batch batch(samples);
    VariantBlock block;
    const std::uint64_t length = std::max<std::uint64_t>(1, work.genotypes.block_variants());
    for (std::size_t i = first; i < last;) {
        std::size_t end = i + 1;
        while (end < last && work.used[end].row / length == work.used[i].row / length)
            ++end;
        const std::uint64_t from = work.used[i].row;
        work.genotypes.read({from, work.used[end - 1].row + 1}, block);
        for (; i < end; ++i) {
            const auto v = static_cast<std::size_t>(work.used[i].row - from);
            const double f = work.frequencies.empty() ? frequencies(block, v, work.used[i].x_linked)
                                                      : work.frequencies[i];
            batch.add(block, v, work.used[i].row, f);
            if (!batch.full()) continue;
            sums.add(batch);
            batch.clear();
        }
    }
    if (!batch.empty()) sums.add(batch);
    part.write_array<double>("sums", sums.sums(), {samples, work.columns.total}, Compression::none);
}

} // namespace

Parts sum_scores(const SumWork& work, RunContext& context) {
    const auto units = cut_units(work);
    const Frequencies frequencies(work);
    return context.for_each_unit("sums", units.size(), [&](std::uint64_t u, PartWriter& part) {
        sum_unit(work, frequencies, units[u].first, units[u].second, part);
    });
}

std::vector<double> read_sums(const Parts& parts, std::uint64_t begin, std::uint64_t end,
                              std::size_t columns) {
    std::vector<double> total(static_cast<std::size_t>(end - begin) * columns, 0.0);
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const auto some = parts.open(u).read_rows<double>("sums", begin, end - begin);
        for (std::size_t i = 0; i < total.size(); ++i)
            total[i] += some[i];
    }
    return total;
}

} // namespace salus::score

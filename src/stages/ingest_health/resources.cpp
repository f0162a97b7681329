#include "health/event_store.hpp"
#include "stages/ingest_health/plan.hpp"
#include "stages/ingest_health/sources.hpp"

#include <algorithm>

namespace salus::ingest_health {
namespace {

constexpr std::uint64_t looked_at = std::uint64_t{1} << 20; // bytes of a file
constexpr double packed_times = 5;                          // text of a byte of a packed file

/// Rows of a file per byte of its text.
struct Density {
    double events = 0, persons = 0;
};

Density density_of(const Plan& plan, std::size_t file, const IngestHealthParams& params) {
    const SourceFile& source = plan.files[file];
    const SourceUnit beginning{
        .file = file, .range = {.begin = 0, .end = looked_at}, .first = true};
    const FhirMedications none;
    const auto reader = open_source(plan, beginning, params, none);
    Density rows;
    while (reader->next()) {
        if (!reader->reject().empty()) continue;
        const RecordKind kind = reader->row().kind;
        rows.events += kind == RecordKind::event ? 1 : 0;
        rows.persons += kind == RecordKind::person ? 1 : 0;
    }
    const auto bytes = static_cast<double>(
        std::min<std::uint64_t>(reader->next_byte(), InputFile(source.path).size()));
    return bytes > 0 ? Density{rows.events / bytes, rows.persons / bytes} : Density{};
}

/// Of files whose beginning is not looked at, because they are compressed or not rows of one kind.
Density usual_density(const SourceFile& source) {
    if (source.form == SourceForm::link) return {};
    if (source.label == to_string(OmopTable::person) || source.label == "Patient")
        return {.events = 0, .persons = 1.0 / 80};
    return {.events = source.form == SourceForm::omop ? 1.0 / 100 : 1.0 / 500, .persons = 0};
}

} // namespace

void guess_sizes(const Plan& plan, const IngestHealthParams& params, Workload& sizes) {
    sizes.input_bytes = static_cast<double>(plan.text_bytes);
    sizes.events = sizes.persons = 0;
    const auto add = [&](Density density, double bytes) {
        sizes.events += density.events * bytes;
        sizes.persons += density.persons * bytes;
    };
    for (std::size_t f = plan.first_new_file; f < plan.files.size(); ++f) {
        const SourceFile& source = plan.files[f];
        if (source.form == SourceForm::documents || source.medications) continue;
        const auto bytes = static_cast<double>(InputFile(source.path).size());
        if (is_packed(source.path))
            add(usual_density(source), packed_times * bytes);
        else
            add(density_of(plan, f, params), bytes);
    }
    for (const auto& path : plan.documents)
        add({.events = 1.0 / 1000, .persons = 0}, static_cast<double>(InputFile(path).size()));
    if (plan.previous) {
        const EventStore store(*plan.previous);
        sizes.events += static_cast<double>(store.event_count());
        sizes.persons = std::max(sizes.persons, static_cast<double>(store.person_count()));
    }
}

// The terms of the memory: every rank knows the codes of every piece (4 bytes each); what a shard
// holds of an event is its row of 64 bytes, the rows of the result (56), the form in which it came
// (25, before those) and two places in the order (8).
Resources resources_of(const IngestHealthParams& params, const Workload& w) {
    const auto text = static_cast<std::uint64_t>(w.input_bytes);
    const auto shards = static_cast<double>(shard_count(params, text));
    const auto piece = static_cast<double>(piece_bytes(params, text));
    const double pieces = std::max(1.0, w.input_bytes / piece);
    const double shard = 140 * w.events / shards + 400 * w.persons / shards;
    const double staged = 3 * std::min(33554432.0, 25 * w.events / pieces) +
                          130 * std::min(w.persons, w.events / pieces);
    const double chunks = 110 * std::min(w.events, 524288.0);
    return {.memory_bytes = 4.8e7 + 1e5 * pieces + std::max({shard, staged, chunks}),
            .storage_bytes = 2e6 + 12 * w.events + 60 * w.persons,
            .scratch_bytes = 75 * w.events + 200 * w.persons,
            .core_hours = w.events / 1e6 / 3600,
            .formula =
                "E events of P persons in S = text bytes / 256 MiB shards (at most 4096) and U "
                "pieces of text bytes / 1024 (64 to 512 MiB): memory per rank 48 MB + 100 KB x U + "
                "the largest "
                "of 140 B x E/S + 400 B x P/S, 75 B x E/U (at most 100 MB) + 130 B x min(P, E/U), "
                "and 110 B x min(E, 524,288); result 12 B x E + 60 B x P; scratch 75 B x E + 200 "
                "B x P; 1 us per event and core"};
}

} // namespace salus::ingest_health

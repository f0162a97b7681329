#include "run/context.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"
#include "run/part_committer.hpp"
#include "run/timeline.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace salus {
namespace {

bool intact(const Parts::Part& part) {
    std::error_code code;
    if (std::filesystem::file_size(part.path, code) != part.bytes || code) return false;
    try {
        return sha256_file(part.path) == part.sha256;
    } catch (const Error&) {
        return false;
    }
}

void sync_tree(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file())
            sync_file(entry.path());
        else if (entry.is_directory())
            sync_folder(entry.path());
    }
    sync_folder(folder);
}

/// What the journals of all ranks say is done, read by root alone: with R ranks there are R of
/// them, and all ranks would open R^2 files.
std::string journalled(const Communicator& comm, const Journal& journal, std::uint64_t count) {
    std::string lines;
    collectively(comm, "reading journals", [&] {
        if (!comm.is_root()) return;
        for (const auto& [unit, part] : journal.read())
            if (unit < count) lines += text(unit, " ", part.bytes, " ", part.sha256, "\n");
    });
    comm.broadcast(lines);
    return lines;
}

/// Which units are done, as one flag each, agreed by all ranks; each rank checks the digests of its
/// share, several at a time.
std::vector<std::uint8_t> units_done(const Communicator& comm, const Journal& journal,
                                     std::uint64_t count) {
    std::vector<std::uint8_t> done(count, 0);
    const std::string lines = journalled(comm, journal, count);
    if (lines.empty()) return done;
    collectively(comm, "checking finished parts", [&] {
        std::vector<std::pair<std::uint64_t, Parts::Part>> mine;
        for (const std::string_view line : split(lines, '\n')) {
            if (line.empty()) continue;
            const auto fields = split(line, ' ');
            const auto unit = static_cast<std::uint64_t>(*parse_integer(fields[0]));
            if (unit % static_cast<std::uint64_t>(comm.size()) !=
                static_cast<std::uint64_t>(comm.rank()))
                continue;
            mine.push_back({unit,
                            {.path = journal.part_path(unit),
                             .sha256 = std::string(fields[2]),
                             .bytes = static_cast<std::uint64_t>(*parse_integer(fields[1]))}});
        }
        parallel_for(mine.size(),
                     [&](std::size_t i) { done[mine[i].first] = intact(mine[i].second) ? 1 : 0; });
    });
    comm.sum(std::span(done));
    return done;
}

/// For salus status: units of the phase, and how many an earlier run had done. Nothing reads it to
/// decide what is done.
void note_begin(const std::filesystem::path& folder, std::uint64_t count, std::uint64_t kept) {
    std::ofstream(folder / "units") << count << ' ' << kept << '\n';
}

std::string describe_parts(const Journal& journal, std::uint64_t count) {
    std::string lines;
    const auto done = journal.read();
    for (std::uint64_t unit = 0; unit < count; ++unit) {
        const auto found = done.find(unit);
        if (found == done.end())
            throw IntegrityError(
                {.what = text("part ", unit, " of ", count, " is missing in the journal"),
                 .where = journal.part_path(unit).string(),
                 .why = "every unit leaves a journal line",
                 .help = "run again to make it anew"});
        lines += text(found->second.sha256, " ", found->second.bytes, "\n");
    }
    return lines;
}

} // namespace

namespace {

/// What the parts hold of one table together.
struct TableSize {
    std::uint64_t rows = 0;
    std::map<std::string, std::size_t> widths; // of text columns

    void add(const TableSpec& spec, const H5File& part) {
        rows += part.rows(spec.name);
        for (const ColumnSpec& column : spec.columns)
            if (column.type == ColumnType::text)
                widths[column.name] =
                    std::max(widths[column.name], part.text_width(spec.name, column.name));
    }
};

/// Visits every part of the tables, unit by unit and within a unit table by table: the order does
/// not tell which tables share parts. A part is opened once for neighbours that share it.
template <typename Visit>
void for_each_part(std::span<const ResultWriter::Assembled> tables, Visit&& visit) {
    std::uint64_t units = 0;
    for (const ResultWriter::Assembled& table : tables)
        units = std::max(units, table.parts->size());
    for (std::uint64_t unit = 0; unit < units; ++unit)
        for (std::size_t k = 0; k < tables.size();) {
            const Parts* const parts = tables[k].parts;
            std::optional<H5File> part;
            if (unit < parts->size()) part = parts->open(unit);
            for (; k < tables.size() && tables[k].parts == parts; ++k)
                if (part) visit(k, *part);
        }
}

void assemble_together(H5File& file, std::span<const ResultWriter::Assembled> tables) {
    std::vector<TableSize> sizes(tables.size());
    for_each_part(tables,
                  [&](std::size_t k, const H5File& part) { sizes[k].add(tables[k].spec, part); });
    std::vector<H5File::TableWriter> writers;
    for (std::size_t k = 0; k < tables.size(); ++k)
        writers.push_back(file.begin_table(tables[k].spec, sizes[k].rows, sizes[k].widths));
    for_each_part(tables, [&](std::size_t k, const H5File& part) { writers[k].append(part); });
    for (H5File::TableWriter& writer : writers)
        writer.close();
}

} // namespace

void ResultWriter::assemble(std::span<const Assembled> tables) {
    constexpr std::size_t together = 16; // each keeps up to one chunk of its columns in memory
    for (; !tables.empty(); tables = tables.subspan(std::min(together, tables.size())))
        assemble_together(file_, tables.first(std::min(together, tables.size())));
}

RunContext::RunContext(Setup setup) : setup_(std::move(setup)) {}

const std::filesystem::path& RunContext::input(std::string_view port) const {
    const auto& paths = inputs(port);
    SALUS_ASSERT(paths.size() == 1);
    return paths.front();
}

const std::vector<std::filesystem::path>& RunContext::inputs(std::string_view port) const {
    static const std::vector<std::filesystem::path> none;
    const auto found = setup_.inputs.find(std::string(port));
    return found == setup_.inputs.end() ? none : found->second;
}

bool RunContext::has_input(std::string_view port) const { return !inputs(port).empty(); }

const std::filesystem::path& RunContext::output(std::string_view name) const {
    const auto found = setup_.outputs.find(std::string(name));
    SALUS_ASSERT(found != setup_.outputs.end());
    return found->second;
}

Parts RunContext::for_each_unit(std::string_view phase, std::uint64_t count,
                                const std::function<void(std::uint64_t, PartWriter&)>& work) {
    const std::filesystem::path folder = setup_.work / std::string(phase);
    collectively(comm(), "preparing the work folder", [&] {
        if (!comm().is_root()) return;
        make_folders(folder);
        remove_temporaries(folder);
    });
    const Journal journal(folder, sha256(text(setup_.fingerprint, " ", phase, " ", count)),
                          comm().rank());
    const std::vector<std::uint8_t> done = units_done(comm(), journal, count);
    std::vector<std::uint64_t> todo;
    for (std::uint64_t unit = 0; unit < count; ++unit)
        if (!done[unit]) todo.push_back(unit);
    const std::uint64_t kept = count - todo.size();
    if (kept > 0)
        log().info(text(phase, ": ", kept, " of ", count, " parts are intact from an earlier run"));

    if (comm().is_root()) note_begin(folder, count, kept);
    const auto ranks = static_cast<std::uint64_t>(comm().size()),
               played = static_cast<std::uint64_t>(comm().played());
    Progress progress(log(), std::string(phase), count, kept);
    UnitClock clock(folder, comm().rank());
    PartCommitter committer(journal);
    for (std::uint64_t i = static_cast<std::uint64_t>(comm().rank());
         i < todo.size() && !interrupt_requested(); i += ranks) {
        auto part = std::make_unique<PartWriter>(journal.part_path(todo[i]));
        clock.begin(todo[i], static_cast<int>(i % (ranks * played)));
        work(todo[i], *part);
        clock.end();
        committer.commit(todo[i], std::move(part));
        progress.update(std::min(count, kept + i + ranks));
    }
    committer.finish();
    if (comm().any(interrupt_requested()))
        throw_interrupted(text("stage ", setup_.stage, ", ", phase));
    std::string lines;
    collectively(comm(), "collecting parts", [&] {
        if (comm().is_root()) lines = describe_parts(journal, count);
    });
    comm().broadcast(lines);
    std::vector<Parts::Part> parts;
    for (const std::string_view line : split(lines, '\n')) {
        if (line.empty()) continue;
        const auto fields = split(line, ' ');
        parts.push_back({.path = journal.part_path(parts.size()),
                         .sha256 = std::string(fields[0]),
                         .bytes = static_cast<std::uint64_t>(*parse_integer(fields[1]))});
    }
    return Parts(std::move(parts));
}

void RunContext::add_provenance(H5File& file) const {
    for (const auto& [name, value] : setup_.provenance)
        file.attribute("/provenance", name, value);
}

void RunContext::publish(std::string_view output_name,
                         const std::function<void(ResultWriter&)>& fill) {
    publish_file(output_name, [&](const std::filesystem::path& temporary) {
        ResultWriter writer(H5File::create(temporary));
        fill(writer);
        add_provenance(writer.file());
        writer.file().attribute("/", "Conventions", "CF-1.8");
        writer.file().attribute("/", "complete", std::int64_t{1});
        writer.file().close();
    });
}

void RunContext::publish_file(std::string_view output_name,
                              const std::function<void(const std::filesystem::path&)>& fill) {
    collectively(comm(), text("writing ", output_name), [&] {
        if (!comm().is_root()) return;
        make_folders(output(output_name).parent_path());
        AtomicFile file(output(output_name));
        fill(file.temporary());
        file.commit();
    });
}

void RunContext::publish_folder(std::string_view output_name,
                                const std::function<void(const std::filesystem::path&)>& fill) {
    collectively(comm(), text("writing ", output_name), [&] {
        if (!comm().is_root()) return;
        const std::filesystem::path& final_path = output(output_name);
        const std::filesystem::path temporary = temporary_name(final_path);
        try {
            make_folders(temporary);
            fill(temporary);
            sync_tree(temporary);
            remove_tree(final_path); // only with --fresh is an older one there
            std::error_code code;
            std::filesystem::rename(temporary, final_path, code);
            if (code) throw_storage_error(code.value(), "rename", final_path);
            sync_folder(final_path.parent_path());
        } catch (...) {
            std::error_code ignored;
            std::filesystem::remove_all(temporary, ignored);
            throw;
        }
    });
}

} // namespace salus

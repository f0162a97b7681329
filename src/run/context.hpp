#pragma once

#include "base/log.hpp"
#include "parallel/communicator.hpp"
#include "schema/stage.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// A result file under construction on the root rank: tables, then provenance, then atomic
/// publication.
class ResultWriter {
public:
    H5File& file() noexcept { return file_; }
    void write(const TableData& table) { file_.write(table); }
    /// Concatenates table `spec.name` of all parts in unit order.
    void assemble(const TableSpec& spec, const Parts& parts) {
        const Assembled table{spec, &parts};
        assemble(std::span(&table, 1));
    }
    /// A table and the parts that hold it.
    struct Assembled {
        TableSpec spec;
        const Parts* parts;
    };
    /// The same for many tables: 16 at a time, so that a part is opened once for them and not once
    /// for each. The bytes depend on the tables and their units, not on which tables share parts.
    void assemble(std::span<const Assembled> tables);
    /// A fact about the whole result, as attribute of the root group.
    void fact(std::string_view name, std::string_view value) { file_.attribute("/", name, value); }
    void fact(std::string_view name, double value) { file_.attribute("/", name, value); }
    void fact(std::string_view name, std::int64_t value) { file_.attribute("/", name, value); }

private:
    friend class RunContext;
    explicit ResultWriter(H5File file) : file_(std::move(file)) {}
    H5File file_;
};

/// What a stage may touch while it runs. Every member function marked (all) is called by all ranks
/// alike.
class RunContext {
public:
    struct Setup {
        Communicator comm;
        Log log;
        std::string stage; // instance name
        std::uint64_t seed = 1;
        int threads = 1;
        Inputs inputs;
        std::map<std::string, std::filesystem::path> outputs;
        std::filesystem::path work; // folder for parts and journals of this stage
        std::string fingerprint;    // digest of stage, parameters, seed and inputs
        std::map<std::string, std::string>
            provenance; // attributes of /provenance, the same on any layout
    };
    explicit RunContext(Setup setup);

    const Communicator& comm() const noexcept { return setup_.comm; }
    const Log& log() const noexcept { return setup_.log; }
    std::uint64_t seed() const noexcept { return setup_.seed; }
    int threads() const noexcept { return setup_.threads; }

    const std::filesystem::path& input(std::string_view port) const; // exactly one
    const std::vector<std::filesystem::path>&
    inputs(std::string_view port) const; // any number, maybe none
    bool has_input(std::string_view port) const;
    const std::filesystem::path& output(std::string_view name) const;

    /// (all) Does units 0..count-1 of a phase, cyclically over the ranks, each into one part file;
    /// units whose part is intact from an earlier run are skipped. Returns when all parts are
    /// there. `work` runs on one rank without communication; it may use parallel_for. An exception
    /// in it ends the job; parts that were finished survive.
    Parts for_each_unit(std::string_view phase, std::uint64_t count,
                        const std::function<void(std::uint64_t unit, PartWriter& part)>& work);

    /// (all) Root fills an HDF5 result, the others wait; provenance is added; appears whole or not
    /// at all.
    void publish(std::string_view output, const std::function<void(ResultWriter&)>& fill);
    /// (all) The same for any other file: root writes to the temporary path it is given.
    void publish_file(std::string_view output,
                      const std::function<void(const std::filesystem::path& temporary)>& fill);
    /// (all) The same for a folder; root fills the temporary folder.
    void publish_folder(std::string_view output,
                        const std::function<void(const std::filesystem::path& temporary)>& fill);

    /// Provenance attributes for files that a stage writes itself (inside publish_folder).
    void add_provenance(H5File& file) const;

private:
    Setup setup_;
};

} // namespace salus

#include "app/runner_state.hpp"

#include "base/digest_manifest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "schema/document.hpp"

#include <algorithm>

namespace salus {
namespace {

std::string toml_table(std::string_view name, const std::map<std::string, std::string>& entries) {
    std::string out = text("\n[", name, "]\n");
    for (const auto& [key, value] : entries)
        out += text(json_quote(key), " = ", json_quote(value), "\n");
    return out;
}

std::map<std::string, std::string> read_table(const Node& document, std::string_view name) {
    std::map<std::string, std::string> entries;
    const Node* table = document.find(name);
    if (table == nullptr || !table->is_table()) return entries;
    for (const auto& [key, node] : table->table())
        if (node.is_value())
            if (const auto* value = std::get_if<std::string>(&node.value())) entries[key] = *value;
    return entries;
}

double read_number(const Node& document, std::string_view name) {
    const Node* node = document.find(name);
    if (node == nullptr || !node->is_value()) return 0;
    if (const auto* real = std::get_if<double>(&node->value())) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&node->value()))
        return static_cast<double>(*whole);
    return 0;
}

std::string digest_file(const std::filesystem::path& path, OnSignal answer) {
    InputFile file(path);
    std::vector<std::byte> buffer(std::size_t{1} << 20);
    Sha256 digest;
    for (std::size_t got; (got = file.read(buffer)) > 0;) {
        if (answer == OnSignal::stop && interrupt_requested()) throw_interrupted(path.string());
        digest.update(std::span(buffer).first(got));
    }
    return digest.hex();
}

std::string digest_folder(const std::filesystem::path& path, OnSignal answer) {
    if (std::filesystem::exists(path / "index.h5")) return digest_file(path / "index.h5", answer);
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::string lines;
    for (const auto& file : files)
        lines +=
            text(digest_file(file, answer), "  ", file.lexically_relative(path).string(), "\n");
    return sha256(lines);
}

} // namespace

void write_state(const std::filesystem::path& file, const StageState& state) {
    std::string out =
        text("stage = ", json_quote(state.stage), "\nseconds = ", fixed(state.seconds, 3),
             "\npeak_bytes = ", fixed(state.peak_bytes, 0), "\nfingerprint = \"",
             fingerprint(state.ingredients), "\"\n");
    out += toml_table("outputs", state.outputs) + toml_table("ingredients", state.ingredients);
    write_file_atomically(file, out);
}

std::optional<StageState> read_state(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return std::nullopt;
    try {
        const Node document = read_toml(file);
        StageState state;
        const Node* stage = document.find("stage");
        const Node* mark = document.find("fingerprint");
        if (stage == nullptr || mark == nullptr) return std::nullopt;
        state.stage = std::get<std::string>(stage->value());
        state.ingredients = read_table(document, "ingredients");
        state.outputs = read_table(document, "outputs");
        state.seconds = read_number(document, "seconds");
        state.peak_bytes = read_number(document, "peak_bytes");
        if (std::get<std::string>(mark->value()) != fingerprint(state.ingredients))
            return std::nullopt;
        return state;
    } catch (const StorageError&) {
        throw;
    } catch (const Error&) {
        return std::nullopt; // a damaged state file proves nothing: the stage is done again
    } catch (const std::bad_variant_access&) {
        return std::nullopt;
    }
}

bool looks_done(const Job& job, const StageInstance& instance) {
    const auto state = read_state(job.output / "state" / (instance.name + ".toml"));
    if (!state) return false;
    const auto made_with = [&](const std::string& name, const std::string& value) {
        const auto found = state->ingredients.find(name);
        return found != state->ingredients.end() && found->second == value;
    };
    if (!made_with("seed", text(job.seed))) return false;
    for (const Param& param : instance.stage->params())
        if (!made_with("parameter " + param.name, to_toml(param.get(instance.params.get()))))
            return false;
    const auto outputs = job.outputs(instance);
    return std::all_of(outputs.begin(), outputs.end(),
                       [](const auto& output) { return std::filesystem::exists(output.second); });
}

std::string fingerprint(const Ingredients& ingredients) {
    std::string lines;
    for (const auto& [name, value] : ingredients)
        lines += text(name.size(), " ", name, value.size(), " ", value);
    return sha256(lines);
}

std::vector<std::string> differences(const Ingredients& before, const Ingredients& now) {
    std::vector<std::string> names;
    for (const auto& [name, value] : now) {
        const auto found = before.find(name);
        if (found == before.end() || found->second != value) names.push_back(name);
    }
    for (const auto& [name, value] : before)
        if (!now.contains(name)) names.push_back(name);
    return names;
}

std::string digest_path(const std::filesystem::path& path, OnSignal answer) {
    if (std::filesystem::is_directory(path)) return digest_folder(path, answer);
    const std::vector<std::filesystem::path> companions = companions_of(path);
    std::string lines = digest_file(path, answer);
    if (companions.empty()) return lines;
    for (const auto& companion : companions)
        lines += digest_file(companion, answer);
    return sha256(lines);
}

std::map<std::filesystem::path, std::string>
digest_all(const std::vector<std::filesystem::path>& paths, const Communicator& comm) {
    std::string mine;
    collectively(comm, "reading inputs", [&] {
        for (std::size_t i = static_cast<std::size_t>(comm.rank()); i < paths.size();
             i += static_cast<std::size_t>(comm.size()))
            mine += text(i, " ", digest_path(paths[i], OnSignal::stop), "\n");
    });
    std::map<std::filesystem::path, std::string> digests;
    for (const std::string& lines : comm.gather_all(mine))
        for (const std::string_view line : split(lines, '\n')) {
            if (line.empty()) continue;
            const auto fields = split(line, ' ');
            digests[paths[static_cast<std::size_t>(*parse_integer(fields[0]))]] =
                std::string(fields[1]);
        }
    return digests;
}

} // namespace salus

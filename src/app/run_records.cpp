#include "app/run_records.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// One metric with help, type and a sample for the stage.
std::string metric(const std::string& name, const std::string& help, const std::string& instance,
                   const std::string& value) {
    return text("# HELP salus_stage_", name, " ", help, "\n# TYPE salus_stage_", name,
                " gauge\nsalus_stage_", name, "{stage=", json_quote(instance), "} ", value, "\n");
}

/// One metric with a sample for each value of a label.
std::string metric(const std::string& name, const std::string& help, const std::string& instance,
                   const std::vector<std::pair<std::string, std::uint64_t>>& labelled) {
    std::string out =
        text("# HELP salus_stage_", name, " ", help, "\n# TYPE salus_stage_", name, " gauge\n");
    for (const auto& [label, value] : labelled)
        out += text("salus_stage_", name, "{stage=", json_quote(instance), ",", label, "} ", value,
                    "\n");
    return out;
}

std::string traffic_metrics(const std::string& instance, const StageCosts& costs) {
    std::vector<std::pair<std::string, std::uint64_t>> calls, bytes;
    for (std::size_t kind = 0; kind < collective_names.size(); ++kind) {
        const std::string label = text("kind=", json_quote(collective_names[kind]));
        calls.emplace_back(label, costs.traffic.counts[kind].calls);
        bytes.emplace_back(label, costs.traffic.counts[kind].bytes);
    }
    const auto ranks = static_cast<std::uint64_t>(costs.ranks);
    return metric("collectives", "Collective calls, the same on all ranks.", instance, calls) +
           metric("collective_bytes", "Payload of these calls.", instance, bytes) +
           metric("messages", "Messages between ranks, by tree algorithms.", instance,
                  text(costs.traffic.messages(ranks))) +
           metric("message_bytes", "Bytes in these messages.", instance,
                  text(costs.traffic.message_bytes(ranks))) +
           metric("message_rounds", "Messages one after another on the longest way.", instance,
                  text(costs.traffic.rounds(ranks)));
}

std::string file_metrics(const std::string& instance, const StageCosts& costs) {
    std::vector<std::pair<std::string, std::uint64_t>> operations, bytes;
    for (const auto& [who, files] : {std::pair("root", &costs.root), {"others", &costs.others}}) {
        const std::string ranks = text("ranks=", json_quote(who));
        for (std::size_t i = 0; i < file_operation_names.size(); ++i)
            operations.emplace_back(text(ranks, ",operation=", json_quote(file_operation_names[i])),
                                    files->counts[i]);
        bytes.emplace_back(text(ranks, ",direction=\"read\""), files->bytes_read);
        bytes.emplace_back(text(ranks, ",direction=\"write\""), files->bytes_written);
    }
    return metric("file_operations", "File operations of the root and of all other ranks.",
                  instance, operations) +
           metric("file_bytes", "Bytes of all read and write calls, sockets among them.", instance,
                  bytes);
}

std::string entity(const std::string& id, const std::string& type, const std::string& rest) {
    return text(",\n    {\"@id\": ", json_quote(id), ", \"@type\": ", json_quote(type), rest, "}");
}

std::string property(const std::string& name, const std::string& value) {
    return text(", \"", name, "\": ", json_quote(value));
}

std::string references(const std::string& name, const std::vector<std::string>& ids) {
    std::string out;
    for (const std::string& id : ids)
        out += text(out.empty() ? "" : ", ", "{\"@id\": ", json_quote(id), "}");
    return text(", \"", name, "\": [", out, "]");
}

std::string media_type(const std::string& name) {
    if (name.ends_with(".h5")) return "application/x-hdf5";
    if (name.ends_with(".html")) return "text/html";
    if (name.ends_with(".json")) return "application/json";
    return "text/plain";
}

/// Inputs as "name digest" of all stages that read files, each once.
std::set<std::pair<std::string, std::string>> inputs_of(const Job& job, const RunFacts& facts) {
    std::set<std::pair<std::string, std::string>> inputs;
    for (const StageInstance& instance : job.stages) {
        const auto state = facts.stages.find(instance.name);
        if (state == facts.stages.end()) continue;
        for (const Wire& wire : instance.wires) {
            const auto named = state->second.ingredients.find("input " + wire.port);
            if (!wire.from_files() || named == state->second.ingredients.end()) continue;
            for (const std::string_view line : split(named->second, '\n'))
                if (const auto space = line.rfind(' '); space != std::string_view::npos)
                    inputs.emplace(line.substr(0, space), line.substr(space + 1));
        }
    }
    return inputs;
}

} // namespace

std::string stage_metrics(const std::string& instance, const StageState& state,
                          const StageCosts& costs, const std::vector<UnitTime>& times) {
    std::map<int, double> busy; // seconds in units, by rank
    for (const UnitTime& time : times)
        busy[time.rank] += static_cast<double>(time.length_us) * 1e-6;
    double sum = 0, most = 0;
    for (const auto& [rank, seconds] : busy) {
        sum += seconds;
        most = std::max(most, seconds);
    }
    const double mean = sum / std::max(1, costs.ranks);
    return metric("seconds", "Wall time of the last start.", instance, fixed(state.seconds, 3)) +
           metric("peak_bytes", "Largest resident size of a rank.", instance,
                  fixed(state.peak_bytes, 0)) +
           metric("ranks", "MPI ranks.", instance, text(costs.ranks)) +
           metric("threads", "Threads of a rank.", instance, text(costs.threads)) +
           metric("units", "Units worked on, all starts.", instance, text(times.size())) +
           metric("unit_seconds", "Time in units, all ranks and starts.", instance, fixed(sum, 3)) +
           metric("busiest_rank_ratio", "Time in units of the busiest rank over the mean.",
                  instance, mean > 0 ? fixed(most / mean, 3) : "1") +
           traffic_metrics(instance, costs) + file_metrics(instance, costs);
}

std::string run_crate(const Job& job, const RunFacts& facts) {
    std::vector<std::string> results, sources;
    std::string entities;
    for (const auto& [name, digest] : inputs_of(job, facts)) {
        sources.push_back(text("#input-", digest.substr(0, 16)));
        entities +=
            entity(sources.back(), "File", property("name", name) + property("sha256", digest));
    }
    for (const StageInstance& instance : job.stages) {
        const auto state = facts.stages.find(instance.name);
        if (state == facts.stages.end()) continue;
        for (const auto& [name, digest] : state->second.outputs) {
            const Output* output = instance.stage->output(name);
            if (output == nullptr) continue;
            const fs::path path = job.folder(instance) / output->file;
            const bool folder = fs::is_directory(path);
            results.push_back(text(instance.name, "/", output->file, folder ? "/" : ""));
            entities += entity(
                results.back(), folder ? "Dataset" : "File",
                text(property("name", text(instance.name, ": ", output->doc)),
                     property("sha256", digest),
                     folder ? std::string{}
                            : text(", \"contentSize\": ", json_quote(text(fs::file_size(path))),
                                   property("encodingFormat", media_type(output->file)))));
        }
    }
    const std::string title = job.title.empty() ? "Run of Salus" : job.title;
    return text(
        "{\n  \"@context\": \"https://w3id.org/ro/crate/1.1/context\",\n  \"@graph\": [\n"
        "    {\"@id\": \"ro-crate-metadata.json\", \"@type\": \"CreativeWork\", \"conformsTo\": "
        "{\"@id\": \"https://w3id.org/ro/crate/1.1\"}, \"about\": {\"@id\": \"./\"}}",
        entity("./", "Dataset",
               text(property("name", title),
                    property("description", text("Results of the stages of a Salus job: ", title)),
                    property("datePublished", facts.ended),
                    property("license", "Not stated: the owner of the data decides."),
                    references("hasPart", results), references("mentions", {"#run"}))),
        entity("#salus", "SoftwareApplication",
               property("name", "Salus") + property("softwareVersion", facts.version)),
        entity("#run", "CreateAction",
               text(property("name", text("salus run: ", title)),
                    property("startTime", facts.started), property("endTime", facts.ended),
                    references("instrument", {"#salus"}), references("object", sources),
                    references("result", results))),
        entities, "\n  ]\n}\n");
}

} // namespace salus

#include "health/definition_text.hpp"

#include "base/text.hpp"

namespace salus {
namespace {

template <class R>
std::string record_text(std::string_view key, const RecordOf<R>& declared, const R& record) {
    std::string out = text("[[", key, "]]\n");
    for (const Param& param : declared.params())
        if (const Value value = param.get(&record); value != param.standard)
            out += text(param.name, " = ", to_toml(value), "\n");
    return out;
}

} // namespace

std::string definitions_as_toml(const Definitions& definitions) {
    std::string out;
    const auto add = [&](std::string record) {
        out += out.empty() ? "" : "\n";
        out += record;
    };
    for (const CodeSetDefinition& set : definitions.code_sets)
        add(record_text("code_set", code_set_record(), set));
    for (const TraitDefinition& trait : definitions.traits)
        add(record_text("trait", trait_record(), trait));
    return out;
}

} // namespace salus

#include "health/code_set.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

void unite(std::vector<char>& into, const std::vector<char>& other) {
    for (std::size_t c = 0; c < into.size(); ++c)
        into[c] = static_cast<char>(into[c] | other[c]);
}

} // namespace

std::optional<std::string_view> named_code_set(std::string_view entry) noexcept {
    const std::string_view name = trim(entry);
    if (!name.starts_with('@')) return std::nullopt;
    return name.substr(1);
}

std::optional<std::uint32_t> parse_concept(std::string_view entry) noexcept {
    const std::string_view written = trim(entry);
    if (written.size() < 6 || lower(written.substr(0, 5)) != "omop:") return std::nullopt;
    const auto number = parse_integer(trim(written.substr(5)));
    if (!number || *number <= 0 || *number > 0xFFFFFFFFLL) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

CodeSets::CodeSets(const std::vector<CodeSetDefinition>& sets, const StoreDictionary& dictionary)
    : sets_(sets), dictionary_(dictionary) {
    for (std::size_t s = 0; s < sets_.size(); ++s)
        resolve(s);
}

std::vector<char> CodeSets::members(const std::vector<std::string>& entries) const {
    std::vector<char> in(dictionary_.codes.size(), 0);
    std::vector<CodePattern> patterns;
    for (const std::string& entry : entries) {
        if (const auto name = named_code_set(entry)) {
            const auto found = members_.find(*name);
            SALUS_ASSERT(found != members_.end());
            unite(in, found->second);
        } else if (trim(entry) == "*") {
            in.assign(in.size(), 1);
        } else if (auto pattern = CodePattern::parse(entry)) {
            patterns.push_back(std::move(*pattern));
        }
    }
    if (patterns.empty()) return in;
    for (std::size_t c = 0; c < in.size(); ++c)
        if (in[c] == 0)
            in[c] = matches_any(patterns, dictionary_.codes[c], dictionary_.concepts[c]) ? 1 : 0;
    return in;
}

void CodeSets::resolve(std::size_t s) {
    const CodeSetDefinition& set = sets_[s];
    if (members_.contains(set.name)) return;
    for (const auto* list : {&set.codes, &set.except_codes})
        for (const std::string& entry : *list)
            if (const auto name = named_code_set(entry)) {
                const auto other = std::find_if(sets_.begin(), sets_.end(),
                                                [&](const auto& o) { return o.name == *name; });
                SALUS_ASSERT(other != sets_.end());
                resolve(static_cast<std::size_t>(other - sets_.begin()));
            }
    const auto below = [&](std::vector<char>& in, const std::vector<std::string>& ancestors) {
        if (ancestors.empty()) return;
        if (dictionary_.tree == nullptr)
            throw UsageError({.what = text("code set '", set.name, "' needs a vocabulary"),
                              .where = "descendants of a concept",
                              .why = "what is below a concept stands in the vocabulary tables, and "
                                     "the event store was made without them",
                              .help = "give the vocabulary to ingest_health, or list codes"});
        for (const std::string& entry : ancestors)
            for (std::size_t c = 0; c < in.size(); ++c)
                if (dictionary_.concepts[c] != 0 &&
                    dictionary_.tree->is_below(dictionary_.concepts[c], *parse_concept(entry)))
                    in[c] = 1;
    };
    std::vector<char> in = members(set.codes), out = members(set.except_codes);
    below(in, set.descendants_of);
    below(out, set.except_descendants_of);
    for (std::size_t c = 0; c < in.size(); ++c)
        in[c] = in[c] != 0 && out[c] == 0 ? 1 : 0;
    members_.emplace(set.name, std::move(in));
}

} // namespace salus

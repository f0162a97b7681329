#pragma once

#include <array>
#include <string>
#include <vector>

namespace salus {

/// A named thing in a manual: parameter, input, column, option.
struct ManualEntry {
    std::string term; // "call_rate_min"
    std::string note; // "number, 0 to 1, proportion; default 0.98"; may be empty
    std::string doc;  // sentences
};

struct ManualSection {
    std::string title;
    std::vector<std::string> paragraphs = {};
    std::array<std::string, 3> heads = {}; // column heads of the entries where they become a table
    std::vector<ManualEntry> entries = {};
    std::string code = {}; // shown as it is
};

/// One manual page, free of any output format.
struct Manual {
    std::string name; // "salus quality"
    std::string summary;
    std::vector<ManualSection> sections;
};

/// For a terminal: wrapped at 88 columns, indented.
std::string manual_as_text(const Manual& manual);
std::string manual_as_markdown(const Manual& manual);
/// roff of section 1; `version` goes into the footer.
std::string manual_as_man(const Manual& manual, const std::string& version);

} // namespace salus

#include "schema/manual.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::size_t page_width = 88;

std::string wrapped(std::string_view paragraph, std::size_t indent) {
    std::string out, line;
    const auto flush = [&] {
        if (!line.empty()) out += text(std::string(indent, ' '), line, "\n");
        line.clear();
    };
    for (const std::string_view word : split(paragraph, ' ')) {
        if (word.empty()) continue;
        if (!line.empty() && indent + line.size() + 1 + word.size() > page_width) flush();
        if (!line.empty()) line += ' ';
        line += word;
    }
    flush();
    return out;
}

std::string replaced(std::string value, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = value.find(from, at)) != std::string::npos; at += to.size())
        value.replace(at, from.size(), to);
    return value;
}

/// Markdown: what would begin a tag or emphasis stands for itself.
std::string plain(const std::string& value) {
    return replaced(replaced(value, "<", "\\<"), "*", "\\*");
}

std::string in_cell(const std::string& value) {
    return replaced(replaced(value, "|", "\\|"), "\n", " ");
}

/// Entries as a table; the middle column is left out where it is empty throughout.
std::string entries_table(const ManualSection& section) {
    const bool notes = std::any_of(section.entries.begin(), section.entries.end(),
                                   [](const ManualEntry& entry) { return !entry.note.empty(); });
    const auto& heads = section.heads;
    std::string out = text("\n| ", heads[0], notes ? text(" | ", heads[1]) : "", " | ", heads[2],
                           " |\n| --- |", notes ? " --- |" : "", " --- |\n");
    for (const ManualEntry& entry : section.entries)
        out += text("| `", in_cell(entry.term), "` | ",
                    notes ? text(plain(in_cell(entry.note)), " | ") : "", plain(in_cell(entry.doc)),
                    " |\n");
    return out;
}

/// roff: backslashes, hyphens that must stay hyphens, and control characters at the start of a
/// line.
std::string roff(const std::string& value) {
    std::string out = replaced(replaced(value, "\\", "\\e"), "-", "\\-");
    out = replaced(out, "\n.", "\n\\&.");
    if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
    return out;
}

/// Short names without notes stand on one line with what they mean.
bool is_short_list(const ManualSection& section) {
    return std::all_of(
        section.entries.begin(), section.entries.end(),
        [](const ManualEntry& entry) { return entry.note.empty() && entry.term.size() < 20; });
}

std::string aligned(const ManualSection& section) {
    std::size_t width = 0;
    for (const ManualEntry& entry : section.entries)
        width = std::max(width, entry.term.size());
    std::string out;
    for (const ManualEntry& entry : section.entries) {
        std::string lines = wrapped(entry.doc, width + 4);
        const std::string gap(width + 2 - entry.term.size(), ' ');
        lines.replace(0, width + 4, text("  ", entry.term, gap));
        out += lines;
    }
    return out;
}

std::string indented(const ManualSection& section) {
    std::string out;
    for (const ManualEntry& entry : section.entries) {
        const std::string note = entry.note.empty() ? "" : text(" (", entry.note, ")");
        out += text("  ", entry.term, note, "\n", wrapped(entry.doc, 6));
    }
    return out;
}

} // namespace

std::string manual_as_text(const Manual& manual) {
    std::string out = wrapped(text(manual.name, ": ", manual.summary), 0);
    for (const ManualSection& section : manual.sections) {
        out += text("\n", section.title, "\n");
        for (std::size_t i = 0; i < section.paragraphs.size(); ++i)
            out += text(i > 0 ? "\n" : "", wrapped(section.paragraphs[i], 2));
        out += is_short_list(section) ? aligned(section) : indented(section);
        if (!section.code.empty())
            for (const auto line : split(trim(section.code), '\n'))
                out += text(line.empty() ? "" : "  ", line, "\n");
    }
    return out;
}

std::string manual_as_markdown(const Manual& manual) {
    std::string out = text("# ", manual.name, "\n\n", manual.summary, "\n");
    for (const ManualSection& section : manual.sections) {
        out += text("\n## ", section.title, "\n");
        for (const std::string& paragraph : section.paragraphs)
            out += text("\n", plain(paragraph), "\n");
        if (!section.entries.empty()) out += entries_table(section);
        if (!section.code.empty())
            out += text("\n```toml\n", section.code, section.code.ends_with('\n') ? "" : "\n",
                        "```\n");
    }
    return out;
}

std::string manual_as_man(const Manual& manual, const std::string& version) {
    const std::string page = replaced(manual.name, " ", "-");
    std::string out =
        text(".TH ", upper(page), " 1 \"\" \"salus ", version, "\" \"Salus manual\"\n.SH NAME\n",
             roff(page), " \\- ", roff(manual.summary), "\n");
    for (const ManualSection& section : manual.sections) {
        out += text(".SH ", upper(section.title), "\n");
        for (std::size_t i = 0; i < section.paragraphs.size(); ++i)
            out += text(i > 0 ? ".PP\n" : "", roff(section.paragraphs[i]), "\n");
        for (const ManualEntry& entry : section.entries) {
            out += text(".TP\n.B ", roff(entry.term), "\n");
            if (!entry.note.empty()) out += text("(", roff(entry.note), ")\n");
            out += text(entry.note.empty() ? "" : ".br\n", roff(entry.doc), "\n");
        }
        if (!section.code.empty())
            out += text(".nf\n", roff(section.code), section.code.ends_with('\n') ? "" : "\n",
                        ".fi\n");
    }
    return out;
}

} // namespace salus

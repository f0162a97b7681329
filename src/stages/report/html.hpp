#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace salus::report {

/// A table whose first column names the rows; all words are escaped here.
struct HtmlTable {
    struct Column {
        std::string header;
        bool number = false; // aligned right, tabular digits
    };
    std::string caption;
    std::vector<Column> columns;
    std::vector<std::vector<std::string>> rows;
};
/// Scrolls inside its own box where the screen is narrow. Empty without rows.
std::string to_html(const HtmlTable& table);

/// A picture (SVG text) with a caption that says how to read it.
std::string figure(std::string_view svg, std::string_view caption, bool wide = false);
/// Pictures side by side where there is room.
std::string figure_row(const std::vector<std::string>& figures);

/// Section with heading; `level` 2 is a section of the page, 3 a trait. `body` is HTML.
std::string section(std::string_view id, std::string_view title, std::string_view body,
                    int level = 2);
std::string paragraph(std::string_view words, std::string_view style = {});

/// Large figures with a word below each.
struct KeyFigure {
    std::string value, name;
};
std::string key_figures(const std::vector<KeyFigure>& figures);

/// Terms and what they mean.
std::string definitions(const std::vector<std::pair<std::string, std::string>>& terms);
/// Citations, "doi:10.x/y" made into links.
std::string citations(const std::vector<std::string>& entries);

} // namespace salus::report

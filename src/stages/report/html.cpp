#include "stages/report/html.hpp"

#include "base/text.hpp"

namespace salus::report {

std::string to_html(const HtmlTable& table) {
    if (table.rows.empty()) return {};
    std::string out = text("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"",
                           html_escape(table.caption), "\"><table><caption>",
                           html_escape(table.caption), "</caption><thead><tr>");
    for (const auto& column : table.columns)
        out += text("<th scope=\"col\"", column.number ? " class=\"num\">" : ">",
                    html_escape(column.header), "</th>");
    out += "</tr></thead><tbody>\n";
    for (const auto& row : table.rows) {
        out += "<tr>";
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string_view tag = c == 0 ? "th scope=\"row\"" : "td";
            out += text('<', tag, table.columns[c].number ? " class=\"num\">" : ">",
                        html_escape(row[c]), "</", c == 0 ? "th>" : "td>");
        }
        out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
}

std::string figure(std::string_view svg, std::string_view caption, bool wide) {
    return text(wide ? "<figure class=\"wide\">" : "<figure>", svg, "<figcaption>",
                html_escape(caption), "</figcaption></figure>\n");
}

std::string figure_row(const std::vector<std::string>& figures) {
    std::string out = "<div class=\"row\">\n";
    for (const auto& one : figures)
        out += one;
    return out + "</div>\n";
}

std::string section(std::string_view id, std::string_view title, std::string_view body, int level) {
    return text("<section id=\"", html_escape(id), "\"", level > 2 ? " class=\"trait\"" : "", "><h",
                level, ">", html_escape(title), "</h", level, ">\n", body, "</section>\n");
}

std::string paragraph(std::string_view words, std::string_view style) {
    const std::string open = style.empty() ? std::string("<p>") : text("<p class=\"", style, "\">");
    return text(open, html_escape(words), "</p>\n");
}

std::string key_figures(const std::vector<KeyFigure>& figures) {
    std::string out = "<dl class=\"keys\">\n";
    for (const auto& one : figures)
        out += text("<div><dt>", html_escape(one.name), "</dt><dd>", html_escape(one.value),
                    "</dd></div>\n");
    return out + "</dl>\n";
}

std::string definitions(const std::vector<std::pair<std::string, std::string>>& terms) {
    std::string out = "<dl class=\"terms\">\n";
    for (const auto& [term, meaning] : terms)
        out += text("<dt>", html_escape(term), "</dt><dd>", html_escape(meaning), "</dd>\n");
    return out + "</dl>\n";
}

std::string citations(const std::vector<std::string>& entries) {
    std::string out = "<ol class=\"refs\">\n";
    for (const auto& entry : entries) {
        const auto at = entry.find("doi:");
        if (at == std::string::npos) {
            out += text("<li>", html_escape(entry), "</li>\n");
            continue;
        }
        const std::string doi = html_escape(entry.substr(at + 4));
        out += text("<li>", html_escape(entry.substr(0, at)), "<a href=\"https://doi.org/", doi,
                    "\">doi:", doi, "</a></li>\n");
    }
    return out + "</ol>\n";
}

} // namespace salus::report

#include "stages/report/svg.hpp"

#include "base/text.hpp"

#include <cmath>

namespace salus::report {

std::string coordinate(double value) {
    const auto tenths = static_cast<long long>(std::llround(value * 10.0));
    std::string out = text(tenths < 0 ? "-" : "", std::llabs(tenths) / 10);
    if (tenths % 10 != 0) out += text('.', std::llabs(tenths) % 10);
    return out;
}

Svg::Svg(double width, double height, std::string_view label, std::string_view style) {
    out_ = text("<svg viewBox=\"0 0 ", coordinate(width), ' ', coordinate(height),
                "\" role=\"img\" aria-label=\"", html_escape(label), "\" class=\"chart ", style,
                "\">\n");
}

Svg& Svg::line(Point a, Point b, std::string_view style) {
    out_ += text("<path class=\"", style, "\" d=\"M", coordinate(a.x), ' ', coordinate(a.y), 'L',
                 coordinate(b.x), ' ', coordinate(b.y), "\"/>\n");
    return *this;
}

Svg& Svg::rect(Point corner, double width, double height, std::string_view style) {
    out_ += text("<rect class=\"", style, "\" x=\"", coordinate(corner.x), "\" y=\"",
                 coordinate(corner.y), "\" width=\"", coordinate(width), "\" height=\"",
                 coordinate(height), "\"/>\n");
    return *this;
}

Svg& Svg::circle(Point centre, double radius, std::string_view style) {
    out_ += text("<circle class=\"", style, "\" cx=\"", coordinate(centre.x), "\" cy=\"",
                 coordinate(centre.y), "\" r=\"", coordinate(radius), "\"/>\n");
    return *this;
}

Svg& Svg::path(std::string_view data, std::string_view style) {
    if (!data.empty()) out_ += text("<path class=\"", style, "\" d=\"", data, "\"/>\n");
    return *this;
}

Svg& Svg::words(Point at, std::string_view words, std::string_view style) {
    out_ += text("<text class=\"", style, "\" x=\"", coordinate(at.x), "\" y=\"", coordinate(at.y),
                 "\">", html_escape(words), "</text>\n");
    return *this;
}

Svg& Svg::keys(Point end,
               const std::vector<std::pair<std::string, std::string>>& styles_and_words) {
    if (styles_and_words.empty()) return *this;
    out_ +=
        text("<text class=\"tick e\" x=\"", coordinate(end.x), "\" y=\"", coordinate(end.y), "\">");
    for (std::size_t i = 0; i < styles_and_words.size(); ++i)
        out_ += text(i == 0 ? "" : "\u2003", "<tspan class=\"key ", styles_and_words[i].first,
                     "\">\u25a0</tspan>\u00a0", html_escape(styles_and_words[i].second));
    out_ += "</text>\n";
    return *this;
}

std::string Svg::finish() && { return std::move(out_) + "</svg>\n"; }

} // namespace salus::report

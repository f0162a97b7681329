#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus::report {

struct Point {
    double x = 0, y = 0;
};

/// A drawing coordinate with at most one decimal: 12, 12.5, -3.
std::string coordinate(double value);

/// One inline SVG picture; colours and type sizes come from the classes of the page's style sheet,
/// so that the picture follows light, dark and print. Words are escaped here.
class Svg {
public:
    /// `label` is what a screen reader says instead of the picture.
    Svg(double width, double height, std::string_view label, std::string_view style = {});

    Svg& line(Point a, Point b, std::string_view style);
    Svg& rect(Point corner, double width, double height, std::string_view style);
    Svg& circle(Point centre, double radius, std::string_view style);
    Svg& path(std::string_view data, std::string_view style);
    Svg& words(Point at, std::string_view text, std::string_view style);
    /// Coloured squares with a word each, in one line that ends at `end`, whatever the type size.
    Svg& keys(Point end, const std::vector<std::pair<std::string, std::string>>& styles_and_words);
    std::string finish() &&;

private:
    std::string out_;
};

} // namespace salus::report

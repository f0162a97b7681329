#pragma once

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace salus::reference {

/// A value of a JSON file of reference numbers. Missing members throw.
struct Json {
    double number = std::numeric_limits<double>::quiet_NaN();
    std::string text;
    std::vector<Json> items;
    std::map<std::string, Json> members;

    const Json& operator[](const std::string& name) const { return members.at(name); }
    const Json& operator[](std::size_t i) const { return items.at(i); }
    std::vector<double> numbers() const {
        std::vector<double> out;
        for (const Json& item : items)
            out.push_back(item.number);
        return out;
    }
};

class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}
    Json value() {
        Json out;
        const char c = next();
        if (c == '{') {
            for (char d = next(); d != '}'; d = next()) {
                if (d == ',') continue;
                const std::string name = quoted();
                next(); // colon
                out.members[name] = value();
            }
        } else if (c == '[') {
            for (;;) {
                const std::size_t before = at_;
                const char d = next();
                if (d == ']') break;
                if (d != ',') at_ = before;
                out.items.push_back(value());
            }
        } else if (c == '"') {
            out.text = quoted();
        } else {
            const std::size_t end = text_.find_first_of(",]} \n", --at_);
            const std::string word(text_.substr(at_, end - at_));
            at_ = end;
            char* stop = nullptr;
            const double number = std::strtod(word.c_str(), &stop);
            if (stop != word.c_str()) out.number = number;
        }
        return out;
    }

private:
    char next() {
        at_ = text_.find_first_not_of(" \n\t", at_);
        if (at_ == std::string_view::npos) throw std::runtime_error("JSON ends early");
        return text_[at_++];
    }
    std::string quoted() { // behind the opening quotation mark
        const std::size_t end = text_.find('"', at_);
        std::string out(text_.substr(at_, end - at_));
        at_ = end + 1;
        return out;
    }
    std::string_view text_;
    std::size_t at_ = 0;
};

inline std::string contents(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

inline Json read_json(const std::filesystem::path& path) {
    const std::string text = contents(path);
    return JsonReader(text).value();
}

/// Columns of a CSV file with a header; NaN where a cell is no number.
inline std::map<std::string, std::vector<double>> read_csv(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line, cell;
    std::vector<std::string> names;
    std::map<std::string, std::vector<double>> out;
    while (std::getline(file, line)) {
        std::istringstream cells(line + ",");
        for (std::size_t c = 0; std::getline(cells, cell, ','); ++c) {
            while (!cell.empty() && (cell.back() == '\r' || cell.back() == '"'))
                cell.pop_back();
            if (!cell.empty() && cell.front() == '"') cell.erase(0, 1);
            if (out.size() < 1 || names.size() <= c) {
                names.push_back(cell);
                out[cell];
                continue;
            }
            char* stop = nullptr;
            const double number = std::strtod(cell.c_str(), &stop);
            out[names[c]].push_back(stop == cell.c_str() || *stop != 0
                                        ? std::numeric_limits<double>::quiet_NaN()
                                        : number);
        }
    }
    return out;
}

} // namespace salus::reference

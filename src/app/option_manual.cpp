#include "app/option_manual.hpp"

#include "base/text.hpp"

#include <vector>

namespace salus {

std::string value_name(const CLI::Option& option) {
    const std::string name = option.get_type_name();
    std::size_t end = name.find(':');
    if (end != std::string::npos && end > 0 && name[end - 1] == '[') end = name.find(':', end + 1);
    return name.substr(0, end);
}

std::string shown_name(const CLI::Option& option) {
    return option.get_positional() ? value_name(option) : option.get_name(false, true);
}

namespace {

void add_options(const CLI::App& from, ManualSection& section) {
    for (const CLI::Option* option : from.get_options()) {
        if (option->get_lnames() == std::vector<std::string>{"help"}) continue;
        section.entries.push_back({shown_name(*option),
                                   option->get_positional() ? ""
                                   : option->get_required() ? value_name(*option) + "; required"
                                                            : value_name(*option),
                                   option->get_description()});
    }
}

} // namespace

std::string synopsis(const CLI::App& sub) {
    std::string out = text("salus ", sub.get_name());
    for (const CLI::Option* option : sub.get_options())
        if (option->get_positional())
            out += text(option->get_required() ? " " : " [", value_name(*option),
                        option->get_required() ? "" : "]");
    return out + " [OPTIONS]";
}

ManualSection options_section(const CLI::App& sub, const std::string& title) {
    ManualSection section{.title = title, .heads = {"option", "value", "meaning"}};
    add_options(sub, section);
    for (const CLI::App* group : sub.get_subcommands({}))
        add_options(*group, section);
    return section;
}

} // namespace salus

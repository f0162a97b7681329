#include "app/completion.hpp"

#include "app/command_line.hpp"
#include "base/text.hpp"

#include <map>

namespace salus {
namespace {

constexpr std::string_view after_options = R"(        *) options=--help ;;
    esac
    if ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} =~ ^(help|describe)$ && $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$names job pipeline phenotype site salus" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _salus salus
)";

} // namespace

std::string bash_completion(const std::vector<Stage>& stages) {
    const Manual manual = program_manual(stages);
    std::map<std::string, std::string> options; // by command or stage
    std::string names;
    for (const ManualSection& section : manual.sections) {
        if (section.title == "Commands" || section.title == "Stages")
            for (const ManualEntry& entry : section.entries)
                names += text(names.empty() ? "" : " ", entry.term);
        if (section.title.starts_with("salus "))
            for (const ManualEntry& entry : section.entries)
                if (entry.term.starts_with("--"))
                    options[section.title.substr(6)] += entry.term + " ";
    }
    for (const Stage& stage : stages) {
        std::string& words = options[stage.name()];
        for (const Port& port : stage.inputs())
            words += text("--", port.name, " ");
        for (const Param& param : stage.params())
            words += text("--", param.name, " ");
        words += "--output --seed --fresh --threads --log-format ";
    }
    std::string out =
        text("# Completion of salus for bash, written by salus describe salus.\n_salus() {\n"
             "    local word=${COMP_WORDS[COMP_CWORD]} options names=\"",
             names,
             "\"\n"
             "    if ((COMP_CWORD == 1)); then\n"
             "        mapfile -t COMPREPLY < <(compgen -W \"--help --version $names\" -- "
             "\"$word\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (const auto& [name, words] : options)
        out += text("        ", name, ") options=\"", words, "--help\" ;;\n");
    return out + std::string(after_options);
}

} // namespace salus

#include "health/definition_check.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace salus {
namespace {

using Names = std::vector<std::string>;

class NameCheck {
public:
    NameCheck(const Definitions& all, const std::vector<RecordPlace>& sets,
              const std::vector<RecordPlace>& traits, std::vector<Problem>& problems)
        : all_(all), set_at_(sets), trait_at_(traits), problems_(problems) {
        for (std::size_t i = 0; i < all.code_sets.size(); ++i)
            take(set_index_, set_names_, all.code_sets[i].name, i, set_at_[i], "code set");
        for (std::size_t i = 0; i < all.traits.size(); ++i)
            take(trait_index_, trait_names_, all.traits[i].name, i, trait_at_[i], "trait");
    }

    void run() {
        for (std::size_t i = 0; i < all_.code_sets.size(); ++i) {
            const CodeSetDefinition& set = all_.code_sets[i];
            for (const auto* list : {&set.codes, &set.except_codes})
                find_sets(*list, text("code set '", set.name, "'"), set_at_[i]);
        }
        for (std::size_t i = 0; i < all_.traits.size(); ++i)
            find_names(all_.traits[i], trait_at_[i]);
        // Circles are looked for when every name is there.
        if (!problems_.empty()) return;
        find_set_circles();
        const auto order = evaluation_order(all_.traits);
        for (std::size_t i = 0; i < all_.traits.size(); ++i)
            if (std::find(order.begin(), order.end(), i) == order.end())
                circle(text("trait '", all_.traits[i].name, "'"), trait_at_[i]);
    }

private:
    void take(std::map<std::string, std::size_t>& index, Names& names, const std::string& name,
              std::size_t i, const RecordPlace& at, std::string_view what) {
        names.push_back(name);
        if (!index.emplace(name, i).second)
            problems_.push_back({.what = text(what, " '", name, "' is there twice"),
                                 .where = place(at.file, *at.node),
                                 .why = "the name tells them apart",
                                 .help = "rename or remove one"});
    }
    void unknown(std::string_view owner, std::string_view name, const Names& names,
                 const RecordPlace& at, std::string_view what) {
        const auto near = nearest(name, names);
        problems_.push_back(
            {.what = text(owner, " names '", name, "', and there is no such ", what),
             .where = place(at.file, *at.node),
             .why = "definitions can use each other within one file, or files that are read "
                    "together",
             .help =
                 near ? text("did you mean ", *near, "?") : text("define it, or leave it out")});
    }
    void find_sets(const Names& codes, const std::string& owner, const RecordPlace& at) {
        for (const std::string& entry : codes)
            if (const auto name = named_code_set(entry))
                if (!set_index_.contains(std::string(*name)))
                    unknown(owner, *name, set_names_, at, "code set");
    }
    void find_names(const TraitDefinition& t, const RecordPlace& at) {
        const std::string owner = text("trait '", t.name, "'");
        for (const auto* list :
             {&t.codes, &t.except_codes, &t.drugs, &t.value_codes, &t.case_exclude,
              &t.control_exclude, &t.treatment, &t.adjust_drugs})
            find_sets(*list, owner, at);
        for (const std::string& name : t.needs()) {
            const auto found = trait_index_.find(name);
            if (found == trait_index_.end())
                unknown(owner, name, trait_names_, at, "trait");
            else if (all_.traits[found->second].quantitative())
                problems_.push_back(
                    {.what = text(owner, " names '", name, "', which is quantitative"),
                     .where = place(at.file, *at.node),
                     .why = "only what holds or does not hold can be combined",
                     .help =
                         "make a criterion with a condition on values, as value = [\">= 6.5\"]"});
        }
    }
    void find_set_circles() {
        // 0 not seen, 1 on the way, 2 done
        std::vector<int> state(all_.code_sets.size(), 0);
        const auto visit = [&](const auto& self, std::size_t s) -> bool {
            if (state[s] == 1) return false;
            if (state[s] == 2) return true;
            state[s] = 1;
            for (const auto* list : {&all_.code_sets[s].codes, &all_.code_sets[s].except_codes})
                for (const std::string& entry : *list)
                    if (const auto name = named_code_set(entry))
                        if (!self(self, set_index_.at(std::string(*name)))) return false;
            state[s] = 2;
            return true;
        };
        for (std::size_t s = 0; s < state.size(); ++s)
            if (!visit(visit, s)) {
                circle(text("code set '", all_.code_sets[s].name, "'"), set_at_[s]);
                return;
            }
    }
    void circle(std::string what, const RecordPlace& at) {
        problems_.push_back({.what = text(what, " needs itself, or what does"),
                             .where = place(at.file, *at.node),
                             .why = "it could never be decided",
                             .help = "break the circle"});
    }

    const Definitions& all_;
    const std::vector<RecordPlace>&set_at_, &trait_at_;
    std::vector<Problem>& problems_;
    std::map<std::string, std::size_t> set_index_, trait_index_;
    Names set_names_, trait_names_;
};

} // namespace

void check_names(const Definitions& all, const std::vector<RecordPlace>& sets,
                 const std::vector<RecordPlace>& traits, std::vector<Problem>& problems) {
    NameCheck(all, sets, traits, problems).run();
}

std::vector<std::string> TraitDefinition::needs() const {
    Names names;
    for (const auto* list : {&any_of, &all_of, &none_of, &case_exclude_if, &control_exclude_if,
                             &control_if, &follow_until})
        names.insert(names.end(), list->begin(), list->end());
    for (const auto* list : {&with, &without})
        for (const std::string& written : *list)
            if (auto relation = parse_relation(written)) names.push_back(std::move(relation->name));
    if (follow_from != "observation" && follow_from != "case") names.push_back(follow_from);
    if (!index.empty()) names.push_back(index);
    return names;
}

std::vector<std::size_t> evaluation_order(const std::vector<TraitDefinition>& traits) {
    std::map<std::string_view, std::size_t> by_name;
    for (std::size_t t = 0; t < traits.size(); ++t)
        by_name.emplace(traits[t].name, t);
    std::vector<std::size_t> waits(traits.size(), 0), order;
    std::vector<std::vector<std::size_t>> waiting(traits.size()); // [needed] -> who needs it
    for (std::size_t t = 0; t < traits.size(); ++t)
        for (const std::string& name : traits[t].needs()) {
            ++waits[t];
            if (const auto found = by_name.find(name); found != by_name.end())
                waiting[found->second].push_back(t);
        }
    for (std::size_t t = 0; t < traits.size(); ++t)
        if (waits[t] == 0) order.push_back(t);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (const std::size_t t : waiting[order[i]])
            if (--waits[t] == 0) order.push_back(t);
    return order;
}

} // namespace salus

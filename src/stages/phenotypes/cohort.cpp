#include "stages/phenotypes/cohort.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/sample_sheet.hpp"

#include <algorithm>
#include <map>

namespace salus::phenotypes {

Cohort::Cohort(const SampleTable& genotypes, const std::optional<std::filesystem::path>& sheet)
    : id_(genotypes.id), sex_(genotypes.sex), group_(genotypes.size(), 0) {
    index_.reserve(id_.size());
    for (std::uint32_t s = 0; s < id_.size(); ++s)
        index_.emplace(id_[s], s);
    if (sheet) read_sheet(*sheet);
}

void Cohort::read_sheet(const std::filesystem::path& path) {
    const SampleTable sheet = read_sample_sheet(path);
    for (std::size_t row = 0; row < sheet.size(); ++row) {
        const auto sample = find(sheet.id[row]);
        if (!sample)
            ++unknown_in_sheet_;
        else if (sheet.sex[row] != Sex::unknown)
            sex_[*sample] = sheet.sex[row];
    }
    DelimitedReader reader(path);
    const auto group = reader.header().find("group");
    if (!group) return;
    std::map<std::string, std::uint32_t, std::less<>> known{{"", 0}};
    for (std::size_t row = 0; reader.next_valid(); ++row) {
        const auto sample = find(sheet.id[row]);
        std::string_view label = trim(reader[*group]);
        if (label == "NA" || label == ".") label = {};
        if (!sample) continue;
        const auto [place, fresh] =
            known.try_emplace(std::string(label), static_cast<std::uint32_t>(labels_.size()));
        if (fresh) labels_.emplace_back(label);
        group_[*sample] = place->second;
    }
}

std::vector<std::string> Cohort::groups() const {
    std::vector<std::string> out(labels_.begin() + 1, labels_.end());
    std::sort(out.begin(), out.end());
    return out;
}

std::string Cohort::reference_group() const {
    std::map<std::string, std::uint64_t> members;
    for (const std::uint32_t g : group_)
        if (g != 0) ++members[labels_[g]];
    const auto largest =
        std::max_element(members.begin(), members.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return largest == members.end() ? std::string{} : largest->first;
}

std::optional<std::uint32_t> Cohort::find(std::string_view sample_id) const {
    const auto found = index_.find(sample_id);
    if (found == index_.end()) return std::nullopt;
    return found->second;
}

} // namespace salus::phenotypes

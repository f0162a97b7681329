#include "formats/vcf_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/allele_depths.hpp"
#include "formats/hts_index.hpp"
#include "formats/site_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace salus {
namespace {

class VcfReader final : public SiteReader {
public:
    VcfReader(std::unique_ptr<RecordStream> stream, const VcfHeader& header,
              const ReadOptions& options, std::span<const Sex> sex)
        : SiteReader(header, options, sex), stream_(std::move(stream)) {}

    std::uint64_t next_record() override {
        stream_->finish_line();
        if (stream_->unread().empty()) stream_->more();
        return stream_->place();
    }

private:
    bool advance() override { return stream_->next_line(line_); }
    std::string where() const override { return stream_->where(); }

    void read_site(Site& site) override {
        std::array<std::string_view, 9> field;
        std::string_view rest = line_;
        for (std::string_view& f : field) {
            const std::size_t tab = rest.find('\t');
            if (tab == std::string_view::npos)
                throw RecordDefect{"the line has fewer columns than the header",
                                   "columns are separated by single tabs"};
            f = rest.substr(0, tab);
            rest.remove_prefix(tab + 1);
        }
        samples_text_ = rest;
        format_ = field[8];
        site.chromosome = field[0];
        site.position = position(field[1]);
        site.id = field[2] == "." ? std::string_view{} : field[2];
        site.ref = field[3];
        site.alts = alts(field[4]);
        site.filter = field[6] == "." ? std::string_view{} : field[6];
        require_site(site);
        read_info(field[7], site);
    }

    static std::uint32_t position(std::string_view digits) {
        std::uint32_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() || value > 0x7FFFFFFF)
            throw RecordDefect{"POS is not a position",
                               "it must be a whole number from 0 to 2,147,483,647"};
        return value;
    }

    const std::vector<std::string_view>& alts(std::string_view column) {
        alts_.clear();
        if (column == ".") return alts_;
        for (;;) {
            const std::size_t comma = column.find(',');
            alts_.push_back(column.substr(0, comma));
            if (comma == std::string_view::npos) break;
            column.remove_prefix(comma + 1);
        }
        if (alts_.size() >= AlleleCalls::largest)
            throw RecordDefect{"the site has more than 65,532 ALT alleles",
                               "calls are held in 16 bits"};
        return alts_;
    }

    void read_info(std::string_view column, Site& site) {
        const auto& keys = options().info;
        if (keys.empty()) return;
        for (bool more = column != "."; more;) {
            const std::size_t end = column.find(';');
            const std::string_view item = column.substr(0, end);
            more = end != std::string_view::npos;
            column.remove_prefix(more ? end + 1 : column.size());
            const std::size_t equals = std::min(item.find('='), item.size());
            const auto key = std::find(keys.begin(), keys.end(), item.substr(0, equals));
            if (key == keys.end()) continue;
            const auto k = static_cast<std::size_t>(key - keys.begin());
            set_info(site, k,
                     equals == item.size() ? std::string_view("1") : item.substr(equals + 1));
        }
    }

    void read_calls(const Site& site, GenotypeRecord& out) override {
        if (format_ == "GT" && site.alts.size() == 1) {
            SimpleRows rows = simple_rows(out);
            if (read_simple_gt_columns(samples_text_, samples(), rows)) {
                take_simple_rows(rows, out);
                return;
            }
            out.phase.clear();
        }
        const FormatLayout layout = read_layout();
        const std::size_t alleles = site.alts.size() + 1;
        if (layout.empty()) ++counters_.without_genotypes;
        if (layout.dosage >= 0 || layout.empty()) {
            dosages_.begin(layout.probabilities, alleles, samples());
            read_format_columns(samples_text_, layout, calls_, dosages_);
            pack_dosages(out);
            return;
        }
        const GtError error = read_gt_columns(samples_text_, alleles, calls_);
        if (error != GtError::none)
            throw RecordDefect{std::string(explain(error)), std::string(rule_of(error))};
        pack_rows(out);
    }

    void read_depths(GenotypeRecord& out) override {
        const auto names = split(format_, ':');
        const auto found = std::find(names.begin(), names.end(), "AD");
        if (found == names.end()) return;
        if (std::find(found + 1, names.end(), "AD") != names.end())
            throw RecordDefect{"FORMAT names AD twice", "a field stands once"};
        read_depth_columns(samples_text_, static_cast<std::size_t>(found - names.begin()),
                           samples(), out);
    }

    FormatLayout read_layout() const {
        int gt = -1, ds = -1, gp = -1, place = 0;
        for (const std::string_view name : split(format_, ':')) {
            int* const found = name == "GT"   ? &gt
                               : name == "DS" ? &ds
                               : name == "GP" ? &gp
                                              : nullptr;
            if (found != nullptr && *found >= 0)
                throw RecordDefect{text("FORMAT names ", name, " twice"), "a field stands once"};
            if (found != nullptr) *found = place;
            ++place;
        }
        if (gt > 0)
            throw RecordDefect{"FORMAT does not begin with GT",
                               "GT must be the first FORMAT field where it is there"};
        return choose_format_(gt, ds, gp);
    }

    std::unique_ptr<RecordStream> stream_;
    std::string_view line_, samples_text_, format_;
    std::vector<std::string_view> alts_;
};

} // namespace

VcfFile::VcfFile(const std::filesystem::path& path) : GenotypeFile(path) {
    const auto stream = open_stream(path);
    VcfHeaderParser parser(path);
    std::string_view line;
    bool complete = false;
    while (!complete && stream->next_line(line))
        complete = parser.add(line);
    if (!complete)
        throw DataError({.what = "the header has no #CHROM line",
                         .where = path.string(),
                         .why = "the file is cut or not a VCF file",
                         .help = "check that this is the right file"});
    stream->finish_line();
    if (stream->unread().empty()) stream->more();
    first_record_ = stream->place();
    header_ = parser.take();
    samples_.id = std::exchange(header_.samples, {});
    samples_.sex.assign(samples_.id.size(), Sex::unknown);
    bytes_ = std::filesystem::file_size(path);
}

std::uint64_t VcfFile::records() const {
    const auto index = find_index(path_);
    return index ? read_index(*index).records : 0;
}

bool VcfFile::may_have_dosages(const ReadOptions& options) const {
    return declares_dosages(header_, options);
}

bool VcfFile::divisible() const { return find_index(path_).has_value(); }

std::vector<FileRange> VcfFile::ranges(std::uint64_t target, const ReadOptions& options) const {
    const auto index = find_index(path_);
    if (!index || container_of(path_) != Container::bgzf) return {{first_record_, end_of_file}};
    return cut_ranges(read_index(*index), {first_record_, end_of_file}, bytes_, target,
                      options.regions);
}

std::unique_ptr<GenotypeReader> VcfFile::read(FileRange range, const ReadOptions& options,
                                              std::span<const Sex> sex) const {
    return std::make_unique<VcfReader>(open_stream(path_, range), header_, options, sex);
}

std::vector<Problem> VcfFile::problems(const ReadOptions& options) const {
    return info_problems(header_, options, path_);
}

bool declares_dosages(const VcfHeader& header, const ReadOptions& options) {
    const bool gt = header.formats.contains("GT"), ds = header.formats.contains("DS");
    const bool gp = header.formats.contains("GP");
    switch (options.dosage_field) {
    case DosageField::automatic:
        return ds || (gp && !gt);
    case DosageField::gt:
        return false;
    case DosageField::ds:
        return ds;
    case DosageField::gp:
        return gp;
    }
    return false;
}

std::vector<Problem> info_problems(const VcfHeader& header, const ReadOptions& options,
                                   const std::filesystem::path& path) {
    std::vector<std::string> declared;
    for (const auto& [key, number] : header.info_number)
        declared.push_back(key);
    std::vector<Problem> problems;
    for (const std::string& key : options.info) {
        if (header.info_number.contains(key)) continue;
        const auto near = nearest(key, declared);
        problems.push_back({.what = text("the INFO field ", key, " is not declared"),
                            .where = path.string(),
                            .why = "the parameter info names fields of the VCF header",
                            .help = near ? text("did you mean ", *near, "?")
                                         : text("it declares: ", join(declared, ", "))});
    }
    if (options.allele_depths && !header.formats.contains("AD"))
        problems.push_back({.what = "the FORMAT field AD is not declared",
                            .where = path.string(),
                            .why = "the parameter allele_depths asks for it",
                            .help = "leave allele_depths out, or give files with read depths"});
    const bool ds = options.dosage_field == DosageField::ds;
    if (!ds && options.dosage_field != DosageField::gp) return problems;
    const auto& names = header.strings;
    if (std::find(names.begin(), names.end(), ds ? "DS" : "GP") == names.end())
        problems.push_back({.what = text("the FORMAT field ", ds ? "DS" : "GP", " is not declared"),
                            .where = path.string(),
                            .why = "the parameter dosage_field asks for it",
                            .help = "leave dosage_field out to read what the file has"});
    return problems;
}

} // namespace salus

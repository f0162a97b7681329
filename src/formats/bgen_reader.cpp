#include "formats/bgen_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/bgen_decoder.hpp"
#include "formats/bgen_index.hpp"
#include "formats/oxford_sample.hpp"
#include "formats/site_reader.hpp"
#include "formats/unpack.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t window_bytes = std::size_t{1} << 20;
constexpr std::uint64_t most_unpacked = std::uint64_t{1} << 30;

void require_name(std::string_view name, std::string_view what) {
    require_text(name, what);
    if (name.empty() || name.find(' ') != std::string_view::npos)
        throw RecordDefect{text(what, " is empty or holds blanks"),
                           "results could not refer to the variant"};
}

class BgenReader final : public SiteReader {
public:
    BgenReader(const std::filesystem::path& path, const BgenHeader& header, FileRange range,
               const ReadOptions& options, std::span<const Sex> sex)
        : SiteReader({}, options, sex), window_(path, window_bytes), header_(header),
          place_(range.begin), end_(range.end), decoder_(sex.size(), options.hard_call_threshold) {}

    std::uint64_t next_record() override { return place_; }

private:
    bool advance() override {
        if (place_ == end_) return false;
        read_bgen_record(window_, header_, place_, end_, BgenAlleles::read, record_);
        place_ = record_.end;
        return true;
    }

    std::string where() const override {
        return text(window_.file().path().string(), ", at byte ", record_.begin);
    }

    void read_site(Site& site) override {
        if (record_.chromosome.empty())
            throw RecordDefect{"the record names no chromosome",
                               "some releases leave it blank: write the file again with the "
                               "chromosome, e.g. with plink2 --oxford-single-chr"};
        require_name(record_.chromosome, "the chromosome");
        if (record_.position > 0x7FFFFFFF)
            throw RecordDefect{"the position is above 2,147,483,647", "the record is damaged"};
        if (record_.alleles.empty())
            throw RecordDefect{"the record has no alleles", "a record needs at least one"};
        for (const std::string& allele : record_.alleles)
            require_name(allele, "an allele");
        const std::string& id =
            record_.rsid.empty() || record_.rsid == "." ? record_.id : record_.rsid;
        require_text(id, "the variant name");
        site.chromosome = record_.chromosome;
        site.position = record_.position;
        site.id = id == "." ? std::string_view{} : id;
        site.filter = {};
        const std::size_t ref = alleles().ref;
        site.ref = record_.alleles[ref];
        site.alts.clear();
        for (std::size_t a = 0; a < record_.alleles.size(); ++a)
            if (a != ref) site.alts.push_back(record_.alleles[a]);
    }

    BgenDecoder::Alleles alleles() const noexcept {
        const bool last = options().bgen_alleles == BgenRef::last;
        return {.count = record_.alleles.size(),
                .ref = last ? record_.alleles.size() - 1 : std::size_t{0}};
    }

    void read_calls(const Site&, GenotypeRecord& out) override {
        const auto block = unpacked();
        if (header_.layout == 1)
            decoder_.decode_layout_1(block, alleles(), out);
        else
            counters_.haploid_on_diploid += decoder_.decode(block, alleles(), ploidy(), out);
        if (!out.dosages.empty()) counters_.dosage_variants += out.variants.size();
    }

    /// The genotype block, readable decoder_.padding bytes beyond its end.
    std::span<const std::uint8_t> unpacked() {
        const std::uint64_t most = std::min(
            most_unpacked, BgenDecoder::most_bytes(header_.samples, record_.alleles.size()));
        if (record_.unpacked_bytes > most)
            throw RecordDefect{
                text("the genotypes are said to have ", record_.unpacked_bytes, " bytes"),
                text("diploid genotypes of these samples and alleles have at most ", most)};
        const auto packed = window_.at(record_.data, record_.data_bytes);
        unpacked_.resize(record_.unpacked_bytes + BgenDecoder::padding);
        const auto block = std::span(unpacked_).first(record_.unpacked_bytes);
        bool good = true;
        if (header_.packing == BgenPacking::zlib)
            good = unpacker_.zlib(packed, block);
        else if (header_.packing == BgenPacking::zstd)
            good = unpacker_.zstd(packed, block);
        else
            std::copy(packed.begin(), packed.end(), block.begin());
        if (!good)
            throw DataError(
                {.what = "the genotypes of a record cannot be unpacked",
                 .where = text(where(), ", variant ", record_.chromosome, ":", record_.position),
                 .why = "they do not decompress to the length and checksum they state: "
                        "the file is damaged",
                 .help = "copy or make the file again"});
        return block;
    }

    FileWindow window_;
    const BgenHeader& header_;
    std::uint64_t place_, end_;
    BgenRecord record_;
    Unpacker unpacker_;
    std::vector<std::uint8_t> unpacked_;
    BgenDecoder decoder_;
};

} // namespace

BgenFile::BgenFile(const std::filesystem::path& path) : GenotypeFile(path) {
    const InputFile file(path);
    header_ = read_bgen_header(file);
    bytes_ = file.size();
    if (header_.samples == 0)
        throw DataError({.what = "the BGEN file has no samples",
                         .where = path.string(),
                         .why = {},
                         .help = "give a file with genotypes"});
    take_names();
    check_samples(samples_.id, path);
}

void BgenFile::take_names() {
    if (const auto beside = find_sample_file(path_)) {
        samples_ = read_sample_file(*beside);
        if (samples_.size() != header_.samples)
            throw DataError({.what = text("the .sample file has ", samples_.size(),
                                          " samples, and the BGEN file ", header_.samples),
                             .where = text(beside->string(), " and ", path_.string()),
                             .why = "they must list the same samples in the same order",
                             .help = "give the BGEN file its own .sample file"});
        header_.sample_ids.clear();
        return;
    }
    if (header_.sample_ids.empty())
        throw DataError(
            {.what = "the BGEN file does not name its samples",
             .where = path_.string(),
             .why = "it holds no names, and there is no .sample file beside it",
             .help = text(
                 "put the .sample file beside it, as ",
                 std::filesystem::path(path_).replace_extension(".sample").filename().string())});
    samples_.id = std::exchange(header_.sample_ids, {});
    samples_.sex.assign(samples_.id.size(), Sex::unknown);
}

std::vector<FileRange> BgenFile::ranges(std::uint64_t target, const ReadOptions& options) const {
    if (const auto index = find_bgen_index(path_)) {
        const InputFile file(path_);
        if (auto ranges = cut_by_bgen_index(*index, file, header_, target, options.regions))
            return std::move(*ranges);
    }
    return cut_by_scan(path_, header_, target, options.regions);
}

std::unique_ptr<GenotypeReader> BgenFile::read(FileRange range, const ReadOptions& options,
                                               std::span<const Sex> sex) const {
    return std::make_unique<BgenReader>(path_, header_, range, options, sex);
}

std::vector<Problem> BgenFile::problems(const ReadOptions& options) const {
    std::vector<Problem> problems;
    const auto refuse = [&](std::string what) {
        problems.push_back({.what = std::move(what),
                            .where = path_.string(),
                            .why = "a BGEN file has neither INFO, FILTER nor AD",
                            .help = "leave the parameter out"});
    };
    if (!options.info.empty()) refuse("INFO fields are asked for");
    if (!options.keep_filter.empty()) refuse("FILTER values are asked for");
    if (options.allele_depths) refuse("allele depths are asked for");
    return problems;
}

} // namespace salus

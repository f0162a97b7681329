#include "formats/reference_genome.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <htslib/faidx.h>
#include <htslib/hts_log.h>

#include <algorithm>
#include <cstdlib>

namespace salus {
namespace {

constexpr std::uint64_t window_bases = std::uint64_t{1} << 16;

struct FreeText {
    void operator()(char* text) const noexcept { std::free(text); }
};

char plain_base(char c) noexcept {
    const char capital = static_cast<char>(c & ~0x20);
    return capital == 'A' || capital == 'C' || capital == 'G' || capital == 'T' ? capital : 'N';
}

} // namespace

struct ReferenceGenome::Index {
    explicit Index(const std::filesystem::path& path)
        : faidx(fai_load3(path.c_str(), nullptr, nullptr, 0)) {} // 0: never make an index
    ~Index() {
        if (faidx != nullptr) fai_destroy(faidx);
    }
    Index(const Index&) = delete;
    Index& operator=(const Index&) = delete;
    faidx_t* faidx;
};

ReferenceGenome::ReferenceGenome(const std::filesystem::path& path) : path_(path) {
    hts_set_log_level(HTS_LOG_OFF); // its messages would bypass ours
    index_ = std::make_unique<Index>(path);
    if (index_->faidx == nullptr)
        throw DataError({.what = "the reference genome or its index cannot be read",
                         .where = path.string(),
                         .why = "it must be FASTA, plain or bgzipped, with a .fai index beside it "
                                "(and .gzi if bgzipped)",
                         .help = text("index it: samtools faidx ", path.filename().string())});
}

ReferenceGenome::~ReferenceGenome() = default;

std::uint64_t ReferenceGenome::length(std::string_view chromosome) const {
    const std::string name(chromosome);
    const int length = faidx_seq_len(index_->faidx, name.c_str());
    if (length < 0)
        throw DataError({.what = text("the reference genome has no sequence ", name),
                         .where = path_.string(),
                         .why = "names must be the same in the genotypes and in the reference",
                         .help = "give the reference the genotypes were called with, or rename its "
                                 "sequences (chr1 or 1)"});
    return static_cast<std::uint64_t>(length);
}

void ReferenceGenome::load(const std::string& chromosome, std::uint64_t position) {
    const std::uint64_t end = length(chromosome);
    // Most look-ups go to the left of one before.
    const std::uint64_t first =
        position > window_bases / 2 ? position - window_bases / 2 : std::uint64_t{1};
    const std::uint64_t last = std::min(end, first + window_bases - 1);
    hts_pos_t got = 0;
    const std::unique_ptr<char, FreeText> text_of(
        faidx_fetch_seq64(index_->faidx, chromosome.c_str(), static_cast<hts_pos_t>(first - 1),
                          static_cast<hts_pos_t>(last - 1), &got));
    if (!text_of || got != static_cast<hts_pos_t>(last - first + 1))
        throw DataError({.what = "the reference genome cannot be read",
                         .where = text(path_.string(), ", ", chromosome, ":", first, "-", last),
                         .why = "the file is damaged, or its index does not belong to it",
                         .help = "index it again: samtools faidx"});
    window_.assign(text_of.get(), static_cast<std::size_t>(got));
    std::transform(window_.begin(), window_.end(), window_.begin(), plain_base);
    chromosome_ = chromosome;
    first_ = first;
}

char ReferenceGenome::base(const std::string& chromosome, std::uint64_t position) {
    if (chromosome != chromosome_ || position < first_ || position >= first_ + window_.size()) {
        if (position == 0 || position > length(chromosome)) return 'N';
        load(chromosome, position);
    }
    return window_[position - first_];
}

std::string ReferenceGenome::bases(const std::string& chromosome, std::uint64_t position,
                                   std::uint64_t bases) {
    const std::uint64_t end = std::min(length(chromosome) + 1, position + bases);
    std::string out;
    for (std::uint64_t p = position; p < end; ++p)
        out += base(chromosome, p);
    return out;
}

} // namespace salus

#include "formats/bgzip_text.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <htslib/bgzf.h>
#include <htslib/hts.h>
#include <htslib/tbx.h>

#include <cerrno>

namespace salus {
namespace {

std::filesystem::path index_of(std::filesystem::path path) {
    path += ".tbi";
    return path;
}

} // namespace

struct BgzipText::State {
    struct CloseBgzf {
        void operator()(BGZF* file) const noexcept { static_cast<void>(bgzf_close(file)); }
    };

    AtomicFile target;
    std::filesystem::path path;
    std::optional<Places> places;
    std::unique_ptr<BGZF, CloseBgzf> file;

    void index() const {
        const tbx_conf_t conf{.preset = TBX_GENERIC,
                              .sc = places->chromosome,
                              .bc = places->position,
                              .ec = places->position,
                              .meta_char = '#',
                              .line_skip = 1};
        AtomicFile index_file(index_of(path));
        const auto level = hts_get_log_level();
        hts_set_log_level(HTS_LOG_OFF);
        const int code = tbx_index_build3(target.temporary().c_str(),
                                          index_file.temporary().c_str(), 0, 0, &conf);
        hts_set_log_level(level);
        if (code != 0)
            throw DataError(
                {.what = "the rows cannot be indexed by position",
                 .where = path.string(),
                 .why = "a tabix index needs rows sorted by position, each chromosome in one run",
                 .help = "give an output name without .gz"});
        index_file.commit();
    }
};

BgzipText::BgzipText(const std::filesystem::path& path, std::optional<Places> places)
    : state_(
          new State{.target = AtomicFile(path), .path = path, .places = places, .file = nullptr}) {
    state_->file.reset(bgzf_open(state_->target.temporary().c_str(), "w"));
    if (!state_->file) throw_storage_error(errno, "write", path);
}

BgzipText::~BgzipText() = default;

void BgzipText::write(std::string_view content) {
    if (bgzf_write(state_->file.get(), content.data(), content.size()) !=
        static_cast<ssize_t>(content.size()))
        throw_storage_error(errno, "write", state_->path);
}

void BgzipText::commit() {
    if (bgzf_close(state_->file.release()) != 0) throw_storage_error(errno, "write", state_->path);
    if (state_->places) state_->index();
    state_->target.commit();
}

} // namespace salus

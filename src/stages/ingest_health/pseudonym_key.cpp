#include "stages/ingest_health/pseudonym_key.hpp"

namespace salus {

Pseudonyms pseudonyms_of(const std::string& pseudonym_key, const RunContext& ctx) {
    if (pseudonym_key.empty()) {
        ctx.log().warning("pseudonym_key is not set: whoever knows an identifier can find its "
                          "person in the result");
        return Pseudonyms();
    }
    std::string key;
    collectively(ctx.comm(), "reading the key of the pseudonyms", [&] {
        if (ctx.comm().is_root()) key = read_pseudonym_key(pseudonym_key);
    });
    ctx.comm().broadcast(key);
    return Pseudonyms(std::move(key));
}

void check_key_mark(const Parts& parts, const Pseudonyms& pseudonyms) {
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const H5File part = parts.open(p);
        if (part.text_attribute("/", "key_mark") == pseudonyms.key_mark()) continue;
        throw IntegrityError({.what = "the rows of this run were made with another pseudonym key",
                              .where = part.path().string(),
                              .why = "the key changed while the run was interrupted",
                              .help = "give the key that the run began with, or run with --fresh"});
    }
}

} // namespace salus

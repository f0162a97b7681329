#include "stages/export_genotypes/writers.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzf_rows.hpp"
#include "formats/hts_index_writer.hpp"
#include "parallel/parallel_for.hpp"

namespace salus {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 20;

/// Bytes of a part under one name, in arrays NAME/0, NAME/1 ... of at least 64 MiB but the last.
class Pieces {
public:
    Pieces(PartWriter& part, std::string name) : part_(part), name_(std::move(name)) {
        // Not doubled and copied as it grows: pages count when they are written.
        bytes_.reserve(piece_bytes + piece_bytes / 16);
    }
    std::string& bytes() noexcept { return bytes_; }
    void spill() {
        if (bytes_.size() >= piece_bytes) finish();
    }
    void finish() {
        write({reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()});
        bytes_.clear();
    }
    void write(std::span<const std::uint8_t> bytes) {
        if (bytes.empty()) return;
        part_.write_array<std::uint8_t>(text(name_, '/', next_++), bytes, {}, Compression::none);
    }

private:
    PartWriter& part_;
    std::string name_, bytes_;
    std::size_t next_ = 0;
};

class BedUnit final : public ExportUnit {
public:
    BedUnit(const CallSetHeader& header, PartWriter& part)
        : header_(header), rows_(part, "bed"), sites_(part, "bim") {}
    void add(VariantRow site, const Variant&, ExportedVariant& genotypes) override {
        append_bed_row(genotypes.row(), header_.samples.size(), rows_.bytes());
        append_bim_line(header_, site, 0, sites_.bytes());
        rows_.spill();
        sites_.spill();
    }
    void finish() override {
        rows_.finish();
        sites_.finish();
    }

private:
    const CallSetHeader& header_;
    Pieces rows_, sites_;
};

class PgenUnit final : public ExportUnit {
public:
    PgenUnit(const CallSetHeader& header, std::uint64_t first, PartWriter& part)
        : header_(header), part_(part), records_(part, "pgen"), sites_(part, "pvar"),
          encoder_(header.samples.size()) {
        encoder_.start(first);
    }
    void add(VariantRow site, const Variant&, ExportedVariant& genotypes) override {
        const std::size_t before = records_.bytes().size();
        types_.push_back(encoder_.append(genotypes.pgen(), records_.bytes()));
        lengths_.push_back(static_cast<std::uint32_t>(records_.bytes().size() - before));
        append_pvar_line(header_, site, sites_.bytes());
        records_.spill();
        sites_.spill();
    }
    void finish() override {
        records_.finish();
        sites_.finish();
        if (types_.empty()) return;
        part_.write_array<std::uint8_t>("types", types_);
        part_.write_array<std::uint32_t>("lengths", lengths_);
    }

private:
    const CallSetHeader& header_;
    PartWriter& part_;
    Pieces records_, sites_;
    PgenEncoder encoder_;
    std::vector<std::uint8_t> types_;
    std::vector<std::uint32_t> lengths_;
};

class CallSetUnit final : public ExportUnit {
public:
    CallSetUnit(const ExportGenotypesParams& params, const CallSetHeader& header, PartWriter& part)
        : header_(header), part_(part), bcf_(params.format == "bcf"), pieces_(part, "rows"),
          rows_(static_cast<int>(params.compression),
                [](std::size_t count, const std::function<void(std::size_t)>& body) {
                    parallel_for(count, body);
                }) {}
    void add(VariantRow site, const Variant& variant, ExportedVariant& genotypes) override {
        if (variant.alt == ".") site.alt = {};
        site.calls = genotypes.codes(variant);
        site.counts = count_alleles(site.calls);
        site.dosages = genotypes.dosages();
        dosages_ = dosages_ || genotypes.has_dosages();
        if (bcf_)
            append_bcf_row(header_, site, rows_.rows());
        else
            append_vcf_row(header_, site, rows_.rows());
        rows_.drain();
        if (rows_.ready() >= piece_bytes) pieces_.write(rows_.take());
    }
    void finish() override {
        pieces_.write(rows_.finish());
        part_.file().attribute("/", "dosages", std::int64_t{dosages_ ? 1 : 0});
    }

private:
    const CallSetHeader& header_;
    PartWriter& part_;
    bool bcf_, dosages_ = false;
    Pieces pieces_;
    BgzfRows rows_;
};

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends the arrays NAME/0, NAME/1 ... of all parts in unit order.
void append_pieces(AtomicFile& file, const Parts& parts, std::string_view name) {
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        const H5File part = parts.open(unit);
        if (!part.exists(name)) continue;
        for (std::size_t i = 0; part.exists(text(name, '/', i)); ++i)
            file.write(as_text(part.read_array<std::uint8_t>(text(name, '/', i))));
    }
}

void join_file(const std::filesystem::path& path, std::string_view head, const Parts& parts,
               std::string_view name, std::string_view tail = {}) {
    AtomicFile file(path);
    file.write(head);
    append_pieces(file, parts, name);
    file.write(tail);
    file.commit();
}

void join_pgen(const CallSetHeader& header, const SampleTable& samples, const Parts& parts,
               const std::filesystem::path& folder) {
    PgenIndexWriter index(samples.size());
    const auto for_each_part = [&](const auto& use) {
        for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
            const H5File part = parts.open(unit);
            if (part.exists("types"))
                use(part.read_array<std::uint8_t>("types"),
                    part.read_array<std::uint32_t>("lengths"));
        }
    };
    for_each_part([&](const auto& types, const auto& lengths) { index.count(types, lengths); });
    AtomicFile file(folder / "genotypes.pgen");
    file.write(index.head());
    std::string piece;
    for_each_part([&](const auto& types, const auto& lengths) {
        index.index(types, lengths, piece);
        file.write(piece);
        piece.clear();
    });
    index.finish(piece);
    file.write(piece);
    append_pieces(file, parts, "pgen");
    file.commit();
    join_file(folder / "genotypes.pvar", pvar_header_text(header), parts, "pvar");
    write_file_atomically(folder / "genotypes.psam", psam_text(samples));
}

} // namespace

std::unique_ptr<ExportUnit> make_export_unit(const ExportGenotypesParams& params,
                                             const CallSetHeader& header, std::uint64_t first,
                                             PartWriter& part) {
    if (params.format == "bed") return std::make_unique<BedUnit>(header, part);
    if (params.format == "pgen") return std::make_unique<PgenUnit>(header, first, part);
    return std::make_unique<CallSetUnit>(params, header, part);
}

void join_export(const ExportGenotypesParams& params, const CallSetHeader& header,
                 const SampleTable& samples, const Parts& parts,
                 const std::filesystem::path& folder) {
    if (params.format == "pgen") return join_pgen(header, samples, parts, folder);
    if (params.format == "bed") {
        join_file(folder / "genotypes.bed", bed_header_bytes(), parts, "bed");
        join_file(folder / "genotypes.bim", {}, parts, "bim");
        return write_file_atomically(folder / "genotypes.fam", fam_text(samples));
    }
    CallSetHeader whole = header;
    for (std::uint64_t unit = 0; unit < parts.size() && !whole.dosages; ++unit)
        whole.dosages = parts.open(unit).integer_attribute("/", "dosages").value_or(0) != 0;
    const bool bcf = params.format == "bcf";
    const std::string head = bcf ? bcf_header_bytes(whole) : vcf_header_text(whole);
    const std::filesystem::path path = folder / (bcf ? "genotypes.bcf" : "genotypes.vcf.gz");
    join_file(path, as_text(bgzf_blocks(head, static_cast<int>(params.compression))), parts, "rows",
              bgzf_end_of_file());
    if (bcf)
        write_csi(path);
    else
        write_tbi(path);
}

} // namespace salus

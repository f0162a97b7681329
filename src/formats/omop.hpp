#pragma once

#include "base/date.hpp"
#include "formats/delimited.hpp"
#include "formats/omop_concepts.hpp"
#include "formats/omop_tables.hpp"
#include "formats/text_index.hpp"
#include "health/record_row.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Source code systems by kind of event; "auto" recognises codes by their form (event_code).
struct CodeSystems {
    std::string condition = "auto", measurement = "auto", drug = "auto", procedure = "auto",
                observation = "auto";
};

/// Typed rows of one table, or of a byte range of it. Codes and units are collected in dictionaries
/// in the order of their first appearance. The person of a row is its person_id without sign and
/// leading zeros. Cost about 0.15 us per row of 120 bytes.
class OmopReader final : public RecordReader {
public:
    OmopReader(OmopTable table, const std::filesystem::path& path, ByteRange range,
               const CodeSystems& systems = {});

    bool next() override;
    std::string_view reject() const noexcept override {
        return reject_ == Reject::none ? std::string_view{} : to_string(reject_);
    }
    bool left_out() const noexcept override { return reject_ == Reject::passed_over; }
    const RecordRow& row() const noexcept override { return row_; }
    std::uint64_t line() const noexcept override { return reader_.line(); }
    Problem problem() const override;
    const std::vector<CodeEntry>& codes() const noexcept override { return codes_; }
    const std::vector<std::string>& units() const noexcept override { return units_; }
    std::uint64_t first_byte() const noexcept override { return reader_.first_byte(); }
    std::uint64_t next_byte() const noexcept override { return reader_.next_byte(); }
    std::uint64_t lines_passed() const noexcept override { return reader_.lines_passed(); }

    Reject reason() const noexcept { return reject_; }
    const DelimitedReader& lines() const noexcept { return reader_; }

private:
    std::string_view field(OmopRole role) const noexcept;
    Reject parse();
    Reject parse_key();
    Reject parse_person();
    Reject parse_link();
    Reject parse_start();
    Reject parse_end();
    Reject parse_drug_end();
    Reject parse_event();
    Reject parse_value();
    bool parse_concept(OmopRole role, std::uint32_t& out);
    std::uint32_t code_of(std::string_view source, std::uint32_t concept_id);
    std::uint32_t unit_of(std::string_view source, std::uint32_t concept_id);

    OmopTable table_;
    DelimitedReader reader_;
    std::array<std::size_t, omop_role_count> columns_; // by role; absent = npos
    EventKind kind_ = EventKind::condition;
    std::string system_;
    OmopSites sites_; // of the person table
    RecordRow row_;
    std::string person_; // person_id without leading zeros
    std::string record_; // of the row, where it is made longer
    Reject reject_ = Reject::none;
    OmopRole bad_column_ = OmopRole::person;
    TextIndex code_index_, unit_index_; // by concept and text as written
    std::vector<CodeEntry> codes_;
    std::vector<bool> absent_; // [code] recorded as absent or not known
    std::vector<std::string> units_;
};

} // namespace salus

#pragma once

#include "store/h5.hpp"

#include <string>
#include <vector>

namespace salus {

/// How the cell of a column is made from what is stored.
enum class ExportForm {
    as_is,
    chromosome_number, // 1..25, without "chr"
    place_and_alleles, // 1_1005_A_G: chromosome, position, other allele, effect allele
    rsid,              // only identifiers that are rs numbers
    plink_number,      // 1..26, without "chr": MT is 26
    chi_square,        // of 1 df with this -log10 p
    controls,          // the cell two places before less the one before: people less cases
    constant,          // the same text in every row; nothing is read
};

/// One column of the exported text.
struct ExportColumn {
    std::string name;   // in the text
    std::string table;  // where it is read
    std::string column; // its name there
    ExportForm form = ExportForm::as_is;
    std::string constant = {};
};

/// Which columns of an HDF5 file make up an exported table, in which order.
struct ExportPlan {
    std::vector<ExportColumn> columns;
    std::uint64_t rows = 0;
    int chromosome = -1, position = -1; // their places among the columns, or -1
    bool only_tested = false;           // leave out rows without beta
    std::string missing = "NA";
};

/// A plain table; one below traits/ is joined row by row with the table `variants` of the file.
/// UsageError if there is no such table.
ExportPlan plan_export(const H5File& file, const std::string& table);
/// The same with the columns, names and order of GWAS-SSF v1.0; UsageError if the table is not of
/// association statistics. Hayhurst et al. 2022, doi:10.1101/2022.07.15.500230.
ExportPlan plan_gwas_ssf(const H5File& file, const std::string& table);

/// The same with the columns of regenie's step 2 (--af-cc for binary traits), separated by tabs.
/// Mbatchou et al. 2021, doi:10.1038/s41588-021-00870-7.
ExportPlan plan_regenie(const H5File& file, const std::string& table);

/// 1..22, X = 23, Y = 24, MT = 25 as GWAS-SSF wants them; the name itself if it is none of these.
std::string chromosome_number(std::string_view chromosome);
/// The same with MT = 26, as PLINK and regenie have it.
std::string plink_chromosome_number(std::string_view chromosome);

} // namespace salus

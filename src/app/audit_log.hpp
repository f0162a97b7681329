#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus {

/// `audit.log` of a run: one JSON object a line, appended and never changed. Every line has a
/// sequence number, who acted, and the SHA-256 of the line before, so that a changed, missing or
/// inserted line breaks the chain. Holds names, digests and counts; never a person's identifier or
/// value.
class AuditLog {
public:
    explicit AuditLog(std::filesystem::path run_folder);

    /// One more line, on the disk when this returns. Safe while other processes append. A line that
    /// a power cut tore is closed and its digest recorded. StorageError, or IntegrityError if the
    /// last whole line is damaged.
    void append(const std::string& event, const std::map<std::string, std::string>& facts) const;

private:
    std::filesystem::path file_;
};

struct AuditFindings {
    std::uint64_t lines = 0;
    std::string head; // digest of the last line, "" if there is none
};

/// Follows the chain from the first line to the last. IntegrityError with every line that does not
/// fit.
AuditFindings verify_audit_log(const std::filesystem::path& file);

/// The run that a file is a result of: the folder with resolved.toml above it; empty if none.
std::filesystem::path run_of(const std::filesystem::path& result);

} // namespace salus

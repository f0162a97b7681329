#pragma once

#include "app/command_line.hpp"

#include <string>
#include <vector>

namespace salus {

// Commands that compute nothing: each returns the text for stdout.

std::string check_command(const CommandLine& line, const std::vector<Stage>& stages);
std::string plan_command(const CommandLine& line, const std::vector<Stage>& stages);
std::string describe_command(const CommandLine& line, const std::vector<Stage>& stages,
                             const std::string& version);
/// A manual as text, markdown or man page.
std::string in_format(const Manual& manual, const std::string& format, const std::string& version);
/// Manual, template or JSON schema of definitions files.
std::string describe_phenotypes(const std::string& format, const std::string& version);
/// The definitions of a file in words; with an event store, how many persons each step loses, small
/// numbers hidden. UsageError if the file or the name is wrong.
std::string describe_definitions(const CommandLine& line);
/// Tables, columns, first rows and provenance of a result file or genotype store.
std::string show_command(const CommandLine& line);
/// Writes the file that was asked for; returns one line that says so.
std::string export_command(const CommandLine& line);
/// The TOML of a definition of another system. DataError with every part that cannot be taken over.
std::string import_command(const CommandLine& line);
/// Writes all predictions of null_model.h5 as OUTPUT_pred.list and OUTPUT_1.loco ... of regenie.
std::string export_loco(const CommandLine& line);

/// SHA-256 of files and of what belongs to them, as lines or into a manifest.
std::string digest_command(const CommandLine& line);

/// Checks results, stores and runs by their checksums and recorded digests; a line for each that
/// holds. IntegrityError with everything that does not.
std::string verify_command(const CommandLine& line, const std::vector<Stage>& stages);

/// Checks the audit log of a run; one line that says how far it goes. IntegrityError if a line was
/// changed, added or removed.
std::string verify_log_command(const CommandLine& line);

/// What is done of a run, from the marks in its folder first and from SLURM second.
std::string status_command(const CommandLine& line);
/// Writes one batch script per stage and hands those over that are neither done nor queued, each
/// after the one before; or prints them, or has SLURM look at them. OwnershipError while another
/// submission of the run is going on.
std::string submit_command(const CommandLine& line, const std::vector<Stage>& stages);
/// Ends the SLURM jobs of a run.
std::string cancel_command(const CommandLine& line);

/// Names of the stages of a run, in order, from its resolved.toml.
std::vector<std::string> instances_of(const std::filesystem::path& folder);

/// The HDF5 file behind a path that a user gives: the file, or the index of a genotype store.
/// UsageError if there is none, DataError if it is something else.
std::filesystem::path result_file(const std::filesystem::path& path);

/// Output folder of a run: `path` itself if it is a folder, else what the job file names.
std::filesystem::path output_folder_of(const std::filesystem::path& path);
/// The same as an absolute path. UsageError if nothing was run or submitted there.
std::filesystem::path run_folder_of(const std::filesystem::path& path);

} // namespace salus

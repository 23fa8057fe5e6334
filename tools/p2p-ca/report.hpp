// What the subcommands say about certificates, and how they find them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/certificate_table.hpp"
#include "cli/output.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/description.hpp"

namespace p2p::ca {

using pki::Document;
using pki::to_text;

/// The folder certs/ of this home.
pki::CertificateFolder certificates_of(const std::filesystem::path& home);

/// A certificate that was asked for.
struct Subject {
  std::string target;          ///< as asked for
  std::filesystem::path file;  ///< empty: it is on another machine, and the inventory has a copy
  bool by_name;                ///< of the fleet, so that it is for this name; if its key is here, it is in the folder
  pki::Certificate certificate;
};

/// A name with a certificate in the folder, else a file, else a name that the inventory has: what of it ends last, of
/// what is valid if anything is. kNotFound otherwise.
cli::Attempt<Subject> find_subject(const std::filesystem::path& home, const std::string& target);

/// Prints entries of describe() as a table: name, role, beginning of the serial, end, time left.
void list_certificates(cli::Output& out, const Document& entries);
/// Likewise those of the inventory, with what became of them, and a mark at those that are in the folder, if any are.
void list_recorded(cli::Output& out, const Document& entries);
void list_invitations(cli::Output& out, const Document& entries);

/// `1 day`, `3 days`.
std::string counted(std::int64_t count, std::string_view noun);

/// What init, sign and others made: entries of describe() with `key_file`, and `bundle` where one was written. A table
/// is the files, one a line.
void print_made(cli::Output& out, const Document& entries);

/// Whether less than a third of its time is left: it should be renewed.
bool is_due(const pki::Certificate& certificate, WallTime now);
/// Whether less than a fifth is left: who renews by itself has done so before, from a third to a quarter.
bool is_overdue(const pki::Certificate& certificate, WallTime now);

/// `364 days left`, `5h07m left`, `expired 3 days ago`, …
std::string remaining(const pki::Certificate& certificate, WallTime now);

/// The values of --key-type, the default first.
std::vector<std::string> key_type_names();

}  // namespace p2p::ca

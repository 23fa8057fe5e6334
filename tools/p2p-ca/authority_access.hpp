// How the subcommands get at the CA of this home, and what they have in common in asking things of it.
#pragma once

#include <span>

#include "cli/command.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::ca {

/// This user, now.
pki::Act act_now();

/// Opens the CA, or says what is missing and what to do about it.
cli::Attempt<pki::IssuingAuthority> open_authority(const std::filesystem::path& home, const pki::Act& act);

/// Whether there is a CA to sign with here; a worker's home has its certificate only.
bool has_authority(const std::filesystem::path& home);

/// Names with commas between them, or the option repeated. `invalid` names the one that is neither DNS name nor
/// address.
Result<std::vector<pki::SubjectName>> parse_names(const std::vector<std::string>& lists);

/// Refuses what cannot be a name, and names whose files have a meaning of their own: the CA's, a node's default, this
/// machine's operator's.
Result<void> check_name(const std::string& name, std::optional<pki::Role> role);

/// Whether new files can be made in this folder, so that nothing is signed whose file cannot be written. A missing
/// folder will be made, if the one above allows it.
Result<void> check_writable(const std::filesystem::path& folder);

/// Certificates were recorded, but `why` kept them from their files: they are revoked, so that nothing stays valid of
/// which nobody has the key. What to fail with.
cli::Failure take_back(std::span<const pki::Certificate> unwritten, const Error& why, pki::IssuingAuthority& authority,
                       const pki::Act& act, cli::Reporter& report);

/// The roots in ca_cert.pem, with a hint where there are none.
cli::Attempt<pki::Roots> read_roots(const std::filesystem::path& home);

/// The revocation lists that are here; none where there are none, or they cannot be believed.
pki::RevocationLists read_lists(const std::filesystem::path& home);

/// Signs the list anew if it must be, and says where it is.
cli::Attempt<pki::SignedCrl> publish_crl(pki::IssuingAuthority& authority, const pki::Act& act, cli::Reporter& report);

}  // namespace p2p::ca

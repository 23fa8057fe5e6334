// How the subcommands get at the CA of this home, and what they have in common in asking things of it.
#pragma once

#include <span>
#include <string_view>

#include "base/file.hpp"
#include "cli/command.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::ca {

/// This user, now.
pki::Act act_now();

/// Opens the CA, or says what is missing and what to do about it. From then on, root acts as the owner of the home
/// (cli/home_owner.hpp).
cli::Attempt<pki::IssuingAuthority> open_authority(const std::filesystem::path& home, const pki::Act& act);

/// Whether there is a CA to sign with here; a worker's home has its certificate only.
bool has_authority(const std::filesystem::path& home);

/// The lock that a node of this home has while it runs: `exists` then. The configuration may have other faults: only
/// where the state is matters here.
Result<FileLock> lock_of_node(const std::filesystem::path& home);

/// Names with commas between them, or the option repeated. `invalid` names the one that is neither DNS name nor
/// address.
Result<std::vector<pki::SubjectName>> parse_names(const std::vector<std::string>& lists);

/// Refuses what cannot be a name, and names whose files have a meaning of their own: the CA's, a node's default, this
/// machine's operator's.
Result<void> check_name(const std::string& name, std::optional<pki::Role> role);

/// The role that --role says, by default a worker's; none with --web, which goes with no --role.
cli::Attempt<std::optional<pki::Role>> choose_role(const std::string& role, bool web);

/// `worker-1 has a valid certificate until 2027-01-31T12:00:00Z, serial 0a1b…`; of several, which are ordered by their
/// ends, the last. Not of none.
std::string text_of_valid(const std::vector<pki::RecordedCertificate>& certificates);

/// Certificates were recorded, but `why` kept them from their files: they are revoked, so that nothing stays valid of
/// which nobody has the key. What to fail with.
cli::Failure take_back(std::span<const pki::Certificate> unwritten, const Error& why, pki::IssuingAuthority& authority,
                       const pki::Act& act, cli::Reporter& report);

/// How a certificate stands to the roots of now.
enum class Issuer : unsigned char {
  signing,    ///< the root that signs now signed it
  outgoing,   ///< another root did, which will be trusted no longer
  untrusted,  ///< none of them did
};
Issuer issuer_of(const pki::Certificate& certificate, const pki::Roots& roots);

/// The roots in ca_cert.pem, with a hint where there are none.
cli::Attempt<pki::Roots> read_roots(const std::filesystem::path& home);

/// The revocation lists that are here; none where there are none, or they cannot be believed.
pki::RevocationLists read_lists(const std::filesystem::path& home);

/// Signs the list anew if it must be, and says where it is.
cli::Attempt<pki::SignedCrl> publish_crl(pki::IssuingAuthority& authority, const pki::Act& act, cli::Reporter& report);

}  // namespace p2p::ca

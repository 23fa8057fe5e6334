// Getting this node's certificate from an ACME server and putting it into its file: what joining, starting without one
// and renewing share.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "acme/enrollment.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"
#include "pki/node_material.hpp"

namespace p2p::node {

/// `acme_account.pem` in the state directory: the key by which the coordinator knows this node again when it renews.
std::filesystem::path account_key_file(const config::Paths& paths, const config::NodeConfig& config);
/// Reads the key, or makes it. Blocks.
Result<acme::AccountKey> open_account_key(const std::filesystem::path& file);

/// Whom to ask and where to answer, without an invitation's credentials.
acme::EnrollmentSettings enrollment_settings(const config::NodeConfig& config);

/// The names in `extra_names` of the files' request, and the DNS names that the certificate in use has beyond the
/// node's own.
std::vector<pki::SubjectName> wanted_names(const pki::NodeMaterialRequest& files, const pki::Certificate* in_use);

/// Asks on a loop of its own until there is an answer, as a node that has no certificate yet: the coordinators are
/// judged by the roots in the CA's file, which must be there. What is found good is put in place, with a new key where
/// none is there. `role` is the one that the certificate must have; none: any node's. Blocks.
acme::ClientResult<acme::Enrolled> enroll_now(const pki::NodeMaterialRequest& files, acme::EnrollmentSettings settings,
                                              const acme::AccountKey& account, std::optional<pki::Role> role,
                                              const Clock& clock, LogSink& log);

/// A node that was enrolled once and whose certificate is missing or has expired asks for another one; everybody else
/// is left alone. Blocks.
Result<void> replace_lost_certificate(const config::LoadedConfig& loaded, const config::Paths& paths,
                                      const Clock& clock, LogSink& log);

}  // namespace p2p::node

// What a node shows in TLS: its certificate, key and the CA's certificate, read at start and at reload. Where the
// certificate is missing while the CA's key is there, the node makes its own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/secret.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/roots.hpp"

namespace p2p::pki {

struct NodeMaterialRequest {
  PairFiles own;               ///< ssl_cert_file, ssl_key_file; absolute, as all paths here
  std::filesystem::path home;  ///< where the inventory of a CA is
  std::filesystem::path ca_certificate;
  std::filesystem::path ca_key;  ///< may be empty or absent: then nothing is made
  std::string cluster_name;
  std::string node_id;
  /// `coordinator_mode` where it was given: the certificate must agree. A certificate that is made is a worker's
  /// without.
  std::optional<bool> coordinator{};
  /// Where others reach the node, for a certificate that is made: names in the configuration, addresses.
  std::vector<SubjectName> extra_names{};
};

struct NodeMaterial {
  std::string certificate_pem;
  crypto::Secret key_pem;
  std::string ca_pem;
  Identity identity;
  Certificate certificate;
  bool made = false;  ///< the certificate was made now
};

/// Whom the certificate is for; `invalid` when it is not the one of that node, cluster and role.
Result<Identity> check_identity(const Certificate& certificate, const NodeMaterialRequest& request);

/// Reads, checks, and makes what is missing; a key that is there without its certificate is kept and gets one.
/// `not_found` names the missing file; `damaged` a certificate that this CA did not sign, that has expired, or whose
/// key is another's; `invalid` one of another cluster, node or role than the configuration says. Blocks.
Result<NodeMaterial> load_node_material(const NodeMaterialRequest& request, WallTime now);

/// Where the CA's key is: signs a new certificate for the key that is there, with the names of the request, and puts it
/// in place of the old one. Errors as above and as of IssuingAuthority::issue. Blocks.
Result<Certificate> renew_own_certificate(const NodeMaterialRequest& request, WallTime now);

}  // namespace p2p::pki

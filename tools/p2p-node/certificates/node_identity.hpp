// What a node shows and whom it believes: its certificate and key, and the CA, in the forms that the parts of a node
// use. Read at start, and again when the files change.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "config/loader.hpp"
#include "config/paths.hpp"
#include "membership/checked_record.hpp"
#include "membership/record_crypto.hpp"
#include "net/tls.hpp"
#include "pki/certificate_id.hpp"
#include "pki/node_material.hpp"

namespace p2p::node {

/// The control loop's, except for tls() and ca_pem(), which any thread may use.
class NodeIdentity {
 public:
  /// Reads and checks the files that the configuration names; makes a certificate where the CA's key is here and none
  /// is. Errors as of pki::load_node_material and net::TlsContexts::make. Blocks.
  static Result<std::unique_ptr<NodeIdentity>> open(const config::LoadedConfig& loaded, const config::Paths& paths,
                                                    const Clock& clock);

  enum class Change : unsigned char { none, renewed };
  /// Takes over a certificate, key or CA that changed on disk: new connections and records use them. On an error all
  /// stays. `invalid` for a certificate of another role. After `renewed`, tell the membership. Blocks.
  Result<Change> reload(const config::LoadedConfig& loaded);

  pki::Role role() const noexcept { return role_; }
  /// A certificate was made by open().
  bool made() const noexcept { return made_; }
  net::TlsContexts& tls() noexcept { return *tls_; }
  /// The one in use.
  const pki::Certificate& certificate() const noexcept { return certificate_; }
  pki::CertificateId certificate_id() const {
    return {certificate_.facts().issuer_key_id, certificate_.facts().serial};
  }
  /// The CA's certificates, the one that signs first.
  const pki::Roots& roots() const noexcept { return roots_; }
  /// Their subject key identifiers, in hexadecimal.
  std::vector<std::string> root_ids() const;
  /// Whether the CA's key that signs now has signed the certificate in use.
  bool is_signed_by_first_root() const;
  /// The CA's certificates, as `/pki/ca.pem` serves them; never null.
  std::shared_ptr<const std::string> ca_pem() const { return ca_pem_.load(); }
  membership::CertificateSigner& signer() const noexcept { return *signer_; }
  membership::CertificateVerifier& verifier() noexcept { return *verifier_; }
  membership::RecordChecker& checker() noexcept { return *checker_; }

 private:
  struct Parts;
  NodeIdentity(const config::Paths& paths, const Clock& clock, Parts parts, const config::NodeConfig& config);
  static Result<Parts> read(const config::LoadedConfig& loaded, const config::Paths& paths, const Clock& clock);

  const config::Paths paths_;
  const Clock& clock_;
  const std::string cluster_name_;
  pki::Role role_;
  bool made_ = false;
  pki::Certificate certificate_;
  std::unique_ptr<net::TlsContexts> tls_;
  pki::Roots roots_;
  std::atomic<std::shared_ptr<const std::string>> ca_pem_;
  std::unique_ptr<membership::CertificateSigner> signer_;
  std::unique_ptr<membership::CertificateVerifier> verifier_;
  std::unique_ptr<membership::RecordChecker> checker_;
};

}  // namespace p2p::node

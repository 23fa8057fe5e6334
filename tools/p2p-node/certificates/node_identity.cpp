#include "node_identity.hpp"

#include <utility>

#include "../settings.hpp"
#include "base/file.hpp"
#include "crypto/digest.hpp"

namespace p2p::node {
namespace {

/// The PEM of a key is wiped however the caller leaves.
struct WipedMaterial {
  net::TlsMaterial tls;
  WipedMaterial() = default;
  WipedMaterial(WipedMaterial&&) = default;
  WipedMaterial& operator=(WipedMaterial&&) = delete;
  ~WipedMaterial() {
    crypto::wipe(tls.private_key);
    crypto::wipe(tls.web_private_key);
  }
};

Result<WipedMaterial> tls_material(const config::NodeConfig& config, const config::Paths& paths,
                                   const pki::NodeMaterial& material) {
  WipedMaterial out;
  out.tls.certificate = material.certificate_pem;
  out.tls.private_key = std::string(material.key_pem.view());
  out.tls.ca = material.ca_pem;
  out.tls.cluster_name = config.cluster_name;
  out.tls.request_all_client_certificates = config.ssl_request_client_cert == config::ClientCertificates::all;
  if (config.web_cert_file.empty()) return out;
  auto certificate = read_file(paths.resolve(config.web_cert_file), pki::kMaxCertificatePemBytes);
  if (!certificate) return certificate.error();
  auto key = read_secret_file(paths.resolve(config.web_key_file), crypto::kMaxKeyPemBytes);
  if (!key) return key.error();
  out.tls.web_certificate = std::move(*certificate);
  out.tls.web_private_key = std::move(*key);
  return out;
}

}  // namespace

/// What the files hold, checked.
struct NodeIdentity::Parts {
  pki::NodeMaterial material;
  WipedMaterial tls;
  pki::RecordSigner signer;
  pki::Roots roots;
};

Result<NodeIdentity::Parts> NodeIdentity::read(const config::LoadedConfig& loaded, const config::Paths& paths,
                                               const Clock& clock) {
  auto material = pki::load_node_material(material_request(loaded, paths), clock.wall());
  if (!material) return material.error();
  auto tls = tls_material(loaded.values, paths, *material);
  if (!tls) return tls.error();
  auto signer = pki::RecordSigner::make(material->certificate_pem, material->key_pem.view());
  if (!signer) return signer.error();
  auto roots = pki::Roots::from_pem(material->ca_pem, loaded.values.ssl_ca_cert_file);
  if (!roots) return roots.error();
  return Parts{std::move(*material), std::move(*tls), std::move(*signer), std::move(*roots)};
}

NodeIdentity::NodeIdentity(const config::Paths& paths, const Clock& clock, Parts parts,
                           const config::NodeConfig& config)
    : paths_(paths),
      clock_(clock),
      cluster_name_(config.cluster_name),
      role_(parts.material.identity.role),
      made_(parts.material.made),
      certificate_(parts.material.certificate),
      roots_(parts.roots),
      ca_pem_(std::make_shared<const std::string>(parts.material.ca_pem)),
      signer_(std::make_unique<membership::CertificateSigner>(std::move(parts.signer))),
      verifier_(std::make_unique<membership::CertificateVerifier>(
          pki::RecordVerifier(std::move(parts.roots), cluster_name_))),
      checker_(std::make_unique<membership::RecordChecker>(cluster_name_, *verifier_, crypto::sha256)) {}

Result<std::unique_ptr<NodeIdentity>> NodeIdentity::open(const config::LoadedConfig& loaded, const config::Paths& paths,
                                                         const Clock& clock) {
  auto parts = read(loaded, paths, clock);
  if (!parts) return parts.error();
  auto tls = net::TlsContexts::make(parts->tls.tls);
  if (!tls) return tls.error();
  std::unique_ptr<NodeIdentity> out(new NodeIdentity(paths, clock, std::move(*parts), loaded.values));
  out->tls_ = std::move(*tls);
  return out;
}

std::vector<std::string> NodeIdentity::root_ids() const {
  std::vector<std::string> out;
  for (const auto& root : roots_.certificates()) out.push_back(to_hex(root.facts().subject_key_id));
  return out;
}

bool NodeIdentity::is_signed_by_first_root() const {
  return certificate_.facts().issuer_key_id == roots_.certificates().front().facts().subject_key_id;
}

Result<NodeIdentity::Change> NodeIdentity::reload(const config::LoadedConfig& loaded) {
  auto parts = read(loaded, paths_, clock_);
  if (!parts) return parts.error();
  if (parts->material.identity.role != role_) return Error(Errc::invalid, "the new certificate has another role");
  const bool same =
      parts->signer.certificate_der() == signer_->certificate() && parts->material.ca_pem == *ca_pem_.load();
  if (auto reloaded = tls_->reload(parts->tls.tls); !reloaded) return reloaded.error();
  if (same) return Change::none;
  certificate_ = parts->material.certificate;
  roots_ = parts->roots;
  ca_pem_ = std::make_shared<const std::string>(parts->material.ca_pem);
  signer_->replace(std::move(parts->signer));
  verifier_->replace(pki::RecordVerifier(std::move(parts->roots), cluster_name_));
  return Change::renewed;
}

}  // namespace p2p::node

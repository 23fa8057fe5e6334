#include "pki/node_material.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::pki {
namespace {

/// Signs one for this key with the CA that is here. The caller holds the folder's lock.
Result<Certificate> sign_own(const NodeMaterialRequest& request, Role role, const EVP_PKEY& key, WallTime now) {
  const Act act{whoami(), now};
  auto authority =
      IssuingAuthority::open(AuthorityPaths::of(request.home, request.ca_certificate, request.ca_key), act);
  if (!authority) return authority.error();
  if (authority->cluster_name() != request.cluster_name) {
    return Error(Errc::invalid,
                 fmt::format("{}: the CA of cluster {}, but cluster_name is {}", request.ca_certificate.string(),
                             authority->cluster_name(), request.cluster_name));
  }
  return authority->issue({.role = role, .name = request.node_id, .extra_names = request.extra_names}, key, act);
}

/// Makes the node's certificate with the CA that is here.
Result<void> make_own(const NodeMaterialRequest& request, WallTime now) {
  const CertificateFolder folder(request.own.certificate.parent_path());
  const auto lock = folder.lock();
  if (!lock) return lock.error();
  if (file_exists(request.own.certificate)) return {};  // another process was faster
  const bool has_key = file_exists(request.own.key);
  auto key = has_key ? read_key_file(request.own.key) : crypto::generate_key(crypto::KeyType::ecdsa_p256);
  if (!key) return key.error();
  const Role role = request.coordinator.value_or(false) ? Role::coordinator : Role::worker;
  const auto certificate = sign_own(request, role, **key, now);
  if (!certificate) return certificate.error();
  if (has_key) return create_file(request.own.certificate, certificate->pem(), kPublicMode);
  return write_pair(request.own, *certificate, **key, false);
}

}  // namespace

Result<Identity> check_identity(const Certificate& certificate, const NodeMaterialRequest& request) {
  const std::string file = request.own.certificate.string();
  const auto wrong = [&](const std::string& why) { return Error(Errc::invalid, file + ": " + why); };
  auto identity = certificate.identity();
  if (!identity) return wrong(identity.error().context);
  if (identity->cluster_name != request.cluster_name) {
    return wrong(fmt::format("a certificate of cluster {}, but cluster_name is {}", identity->cluster_name,
                             request.cluster_name));
  }
  if (identity->role == Role::operator_) return wrong("an operator's certificate, not a node's");
  if (identity->name != request.node_id) {
    return wrong(fmt::format("a certificate of {}, but node_id is {}", identity->name, request.node_id));
  }
  if (request.coordinator && (identity->role == Role::coordinator) != *request.coordinator) {
    return wrong(fmt::format("a {}'s certificate, but coordinator_mode is {}", to_string(identity->role),
                             *request.coordinator ? "true" : "false"));
  }
  return identity;
}

Result<NodeMaterial> load_node_material(const NodeMaterialRequest& request, WallTime now) {
  const bool make = !file_exists(request.own.certificate) && file_exists(request.ca_key);
  if (make) {
    if (auto made = make_own(request, now); !made) return made.error();
  }
  auto pair = read_pair(request.own);
  if (!pair) return pair.error();
  auto ca_pem = read_file(request.ca_certificate, kMaxCertificatePemBytes);
  if (!ca_pem) return ca_pem.error();
  const auto roots = Roots::from_pem(*ca_pem, request.ca_certificate.string());
  if (!roots) return roots.error();
  auto identity = check_identity(pair->certificate, request);
  if (!identity) return identity.error();
  for (const Purpose purpose : {Purpose::server, Purpose::client}) {
    if (auto chain = roots->verify(pair->certificate, purpose, now); !chain) {
      return Error(chain.error().code, request.own.certificate.string() + ": " + chain.error().context);
    }
  }
  auto key_pem = crypto::write_private_key(*pair->key);
  if (!key_pem) return key_pem.error();
  return NodeMaterial{std::move(pair->certificate_pem),
                      std::move(*key_pem),
                      std::move(*ca_pem),
                      std::move(*identity),
                      std::move(pair->certificate),
                      make};
}

Result<Certificate> renew_own_certificate(const NodeMaterialRequest& request, WallTime now) {
  const CertificateFolder folder(request.own.certificate.parent_path());
  const auto lock = folder.lock();
  if (!lock) return lock.error();
  const auto pair = read_pair(request.own);
  if (!pair) return pair.error();
  const auto identity = check_identity(pair->certificate, request);
  if (!identity) return identity.error();
  auto certificate = sign_own(request, identity->role, *pair->key, now);
  if (!certificate) return certificate;
  if (auto written = write_file(request.own.certificate, certificate->pem(), kPublicMode); !written) {
    return written.error();
  }
  return certificate;
}

}  // namespace p2p::pki

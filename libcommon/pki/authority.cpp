#include "pki/authority.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "pki/certificate_builder.hpp"

namespace p2p::pki {
namespace {

bool is_rsa(crypto::KeyType type) { return type != crypto::KeyType::ecdsa_p256 && type != crypto::KeyType::ed25519; }

/// Names in order, each once.
std::vector<SubjectName> names_of(const LeafRequest& request) {
  std::vector<SubjectName> out;
  const auto add = [&](SubjectName name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  };
  if (request.role != Role::operator_) {
    add(subject_name_of_node(request.name));
    add({SubjectName::Kind::dns, "localhost"});
    add({SubjectName::Kind::ip, "127.0.0.1"});
    add({SubjectName::Kind::ip, "::1"});
  }
  for (const auto& name : request.extra_names) add(name);
  return out;
}

Result<void> check_request(const LeafRequest& request, std::optional<crypto::KeyType> key_type) {
  if (!is_valid_name(request.name)) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name", escape_controls(request.name.substr(0, 64))));
  }
  if (request.extra_names.size() > kMaxExtraNames) {
    return Error(Errc::invalid, fmt::format("more than {} additional names", kMaxExtraNames));
  }
  if (!key_type) return Error(Errc::unsupported, "a key of this type is not used in certificates here");
  if (request.role == Role::coordinator && key_type == crypto::KeyType::ed25519) {
    return Error(Errc::invalid, "a coordinator signs tokens, which needs an ecdsa-p256 or rsa key, not ed25519");
  }
  return check_lifetime(request.lifetime);
}

}  // namespace

Result<void> check_lifetime(std::chrono::days lifetime) {
  if (lifetime >= std::chrono::days{1} && lifetime <= kMaxLifetime) return {};
  return Error(Errc::invalid,
               fmt::format("{} days are not a lifetime between 1 and {}", lifetime.count(), kMaxLifetime.count()));
}

Result<Authority> Authority::make(const AuthorityRequest& request, WallTime now) {
  if (!is_valid_name(request.cluster_name)) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name of a cluster",
                                            escape_controls(request.cluster_name.substr(0, 64))));
  }
  if (auto checked = check_lifetime(request.lifetime); !checked) return checked.error();
  auto key = crypto::generate_key(request.key_type);
  if (!key) return key.error();
  const CertificateFields fields{.common_name = "p2p CA " + request.cluster_name,
                                 .names = {},
                                 .uri = cluster_uri(request.cluster_name),
                                 .not_before = now - kBackdate,
                                 .not_after = now + request.lifetime,
                                 .basic_constraints = "critical,CA:TRUE,pathlen:0",
                                 .key_usage = "critical,keyCertSign,cRLSign"};
  auto x509 = build_certificate(fields, **key, nullptr, **key);
  if (!x509) return x509.error();
  auto certificate = Certificate::from_x509(std::move(*x509));
  if (!certificate) return certificate.error();
  return open(std::move(*certificate), std::move(*key));
}

Result<Authority> Authority::open(Certificate certificate, crypto::KeyPtr key) {
  const auto& facts = certificate.facts();
  if (!facts.is_ca) return Error(Errc::invalid, "the CA's certificate is not one of a CA");
  if (!crypto::same_key(certificate.public_key(), *key)) {
    return Error(Errc::damaged, "the CA's key does not belong to its certificate");
  }
  if (facts.uris.size() != 1) return Error(Errc::invalid, "the CA's certificate names no cluster");
  auto cluster_name = parse_cluster_uri(facts.uris.front());
  if (!cluster_name) return cluster_name.error();
  return Authority(std::move(certificate), std::move(key), std::move(*cluster_name));
}

Result<Certificate> Authority::issue(const LeafRequest& request, const EVP_PKEY& subject_key, WallTime now) const {
  const auto key_type = crypto::type_of(subject_key);
  if (auto checked = check_request(request, key_type); !checked) return checked.error();
  const auto& own = certificate_.facts();
  if (now >= own.not_after) {
    return Error(Errc::failed, "the CA's certificate expired on " + format_rfc3339(own.not_after, 0));
  }
  if (now < own.not_before) {
    return Error(Errc::failed, "the CA's certificate is not valid before " + format_rfc3339(own.not_before, 0));
  }
  const CertificateFields fields{
      .common_name = request.name,
      .names = names_of(request),
      .uri = Identity{cluster_name_, request.role, request.name}.uri(),
      .not_before = now - kBackdate,
      .not_after = std::min<WallTime>(now + request.lifetime, own.not_after),
      .basic_constraints = "critical,CA:FALSE",
      .key_usage = is_rsa(*key_type) ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature",
      .extended_key_usage = request.role == Role::operator_ ? "clientAuth" : "serverAuth,clientAuth"};
  auto x509 = build_certificate(fields, subject_key, &certificate_.x509(), *key_);
  if (!x509) return x509.error();
  return Certificate::from_x509(std::move(*x509));
}

}  // namespace p2p::pki

#include "pki/authority.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "pki/certificate_builder.hpp"

namespace p2p::pki {
namespace {

/// What the key may be used for: only RSA takes part in a key exchange by encryption.
const char* key_usage_for(const EVP_PKEY& key) {
  return EVP_PKEY_is_a(&key, "RSA") == 1 ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
}

const char* extended_key_usage_for(std::optional<Role> role) {
  if (!role) return "serverAuth";
  return role == Role::operator_ ? "clientAuth" : "serverAuth,clientAuth";
}

/// A node's own name, brought below the first DNS subtree where it would lie outside of all.
SubjectName own_name(const LeafRequest& request, const NameConstraints& permitted) {
  SubjectName out = subject_name_of_node(request.name);
  if (out.kind == SubjectName::Kind::dns && !permitted.permits(out)) out.text += "." + permitted.dns_subtrees.front();
  return out;
}

/// Names in order, each once.
std::vector<SubjectName> names_of(const LeafRequest& request, const NameConstraints& permitted) {
  std::vector<SubjectName> out;
  const auto add = [&](SubjectName name) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  };
  const bool is_node = request.role && request.role != Role::operator_;
  if (is_node || (!request.role && request.extra_names.empty())) add(own_name(request, permitted));
  if (is_node) {
    add({SubjectName::Kind::dns, "localhost"});
    add({SubjectName::Kind::ip, "127.0.0.1"});
    add({SubjectName::Kind::ip, "::1"});
  }
  for (const auto& name : request.extra_names) add(name);
  return out;
}

Result<void> check_key(std::optional<Role> role, const EVP_PKEY& key) {
  const auto type = crypto::type_of(key);
  if (!type) {
    return Error(Errc::unsupported, "a key of this type is not used in certificates here");
  }
  if (role == Role::coordinator && (type == crypto::KeyType::ed25519 || type == crypto::KeyType::ecdsa_p384)) {
    return Error(Errc::invalid, fmt::format("a coordinator signs tokens, which needs an ecdsa-p256 or rsa key, not {}",
                                            crypto::to_string(*type)));
  }
  return {};
}

Result<void> check_request(const LeafRequest& request, const EVP_PKEY& key) {
  if (!is_valid_name(request.name)) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name", escape_controls(request.name.substr(0, 64))));
  }
  if (request.extra_names.size() > kMaxExtraNames) {
    return Error(Errc::invalid, fmt::format("more than {} additional names", kMaxExtraNames));
  }
  if (auto checked = check_key(request.role, key); !checked) return checked;
  return check_lifetime(request.lifetime);
}

/// Without a DNS name in the certificate, OpenSSL takes a common name with a dot for one.
bool is_taken_for_dns(const std::string& common_name, const std::vector<SubjectName>& names) {
  return common_name.find('.') != std::string::npos &&
         std::none_of(names.begin(), names.end(), [](const auto& name) { return name.kind == SubjectName::Kind::dns; });
}

/// A member of the fleet is called by its name, a web server by its first DNS name, as those who read common names
/// expect; empty where a constrained CA may not sign what it would be taken for.
Result<std::string> common_name_for(const LeafRequest& request, const std::vector<SubjectName>& names,
                                    const NameConstraints& permitted) {
  const auto outside = [&](const std::string& name) {
    return Error(Errc::invalid, fmt::format("\"{}\" is outside what this CA may sign: {}", name, permitted.text()));
  };
  for (const auto& name : names) {
    if (!permitted.permits(name)) return outside(name.text);
  }
  if (!request.role) {
    for (const auto& name : names) {
      if (name.kind == SubjectName::Kind::dns) return name.text;
    }
  }
  const bool is_outside =
      is_taken_for_dns(request.name, names) && !permitted.permits({SubjectName::Kind::dns, request.name});
  if (!is_outside) return request.name;
  return request.role ? Result<std::string>(outside(request.name)) : Result<std::string>(std::string());
}

}  // namespace

Result<void> check_lifetime(std::chrono::days lifetime) {
  if (lifetime >= std::chrono::days{1} && lifetime <= kMaxLifetime) return {};
  return Error(Errc::invalid,
               fmt::format("{} days are not a lifetime between 1 and {}", lifetime.count(), kMaxLifetime.count()));
}

Result<void> check_request(const AuthorityRequest& request) {
  if (!is_valid_name(request.cluster_name)) {
    return Error(Errc::invalid, fmt::format("\"{}\" is not a valid name of a cluster",
                                            escape_controls(request.cluster_name.substr(0, 64))));
  }
  return check_lifetime(request.lifetime);
}

Result<Authority> Authority::make(const AuthorityRequest& request, WallTime now) {
  if (auto checked = check_request(request); !checked) return checked.error();
  auto key = crypto::generate_key(request.key_type);
  if (!key) return key.error();
  const CertificateFields fields{.common_name = "p2p CA " + request.cluster_name,
                                 .names = {},
                                 .uri = cluster_uri(request.cluster_name),
                                 .permitted = with_loopback(request.permitted),
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
  if (facts.has_other_constraints) {
    return Error(Errc::unsupported,
                 "the CA's certificate has name constraints other than permitted DNS names and addresses");
  }
  auto cluster_name = parse_cluster_uri(facts.uris.front());
  if (!cluster_name) return cluster_name.error();
  return Authority(std::move(certificate), std::move(key), std::move(*cluster_name));
}

Result<Certificate> Authority::issue(const LeafRequest& request, const EVP_PKEY& subject_key, WallTime now) const {
  if (auto checked = check_request(request, subject_key); !checked) return checked.error();
  const auto& own = certificate_.facts();
  if (now >= own.not_after) {
    return Error(Errc::failed, "the CA's certificate expired on " + format_rfc3339(own.not_after, 0));
  }
  if (now < own.not_before) {
    return Error(Errc::failed, "the CA's certificate is not valid before " + format_rfc3339(own.not_before, 0));
  }
  auto names = names_of(request, own.permitted);
  auto common_name = common_name_for(request, names, own.permitted);
  if (!common_name) return common_name.error();
  const CertificateFields fields{.common_name = std::move(*common_name),
                                 .names = std::move(names),
                                 .uri = request.role ? Identity{cluster_name_, *request.role, request.name}.uri() : "",
                                 .not_before = now - kBackdate,
                                 .not_after = std::min<WallTime>(now + request.lifetime, own.not_after),
                                 .basic_constraints = "critical,CA:FALSE",
                                 .key_usage = key_usage_for(subject_key),
                                 .extended_key_usage = extended_key_usage_for(request.role)};
  auto x509 = build_certificate(fields, subject_key, &certificate_.x509(), *key_);
  if (!x509) return x509.error();
  return Certificate::from_x509(std::move(*x509));
}

}  // namespace p2p::pki

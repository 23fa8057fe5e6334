// The CA of a fleet: makes itself once, then signs certificates of nodes and operators. Certificates are version 3 of
// RFC 5280 and pass `openssl verify -x509_strict`. No files here: see certificate_folder.hpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key.hpp"
#include "pki/certificate.hpp"
#include "pki/subject_name.hpp"

namespace p2p::pki {

inline constexpr std::chrono::days kAuthorityLifetime{3650};
inline constexpr std::chrono::days kLeafLifetime{365};
inline constexpr std::chrono::days kMaxLifetime{36500};
/// Clocks of a fleet differ; a certificate is valid from this long before it was made.
inline constexpr std::chrono::hours kBackdate{1};
/// Names that one certificate may have beyond its own.
inline constexpr std::size_t kMaxExtraNames = 100;

struct AuthorityRequest {
  std::string cluster_name = "p2p";
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
  std::chrono::days lifetime = kAuthorityLifetime;
  /// What it may sign; put into its certificate, critical, together with the loopback names that every node has.
  NameConstraints permitted{};
};

struct LeafRequest {
  /// None: a certificate for a server of another program, without a place in the fleet.
  std::optional<Role> role = Role::worker;
  std::string name;  ///< node_id, the operator's name, or what a certificate without role is kept under
  std::vector<SubjectName> extra_names{};
  std::chrono::days lifetime = kLeafLifetime;
};

/// `invalid` unless 1 to kMaxLifetime days.
Result<void> check_lifetime(std::chrono::days lifetime);

/// `invalid` for a name of a cluster or a lifetime that cannot be.
Result<void> check_request(const AuthorityRequest& request);

class Authority {
 public:
  /// Makes key and self-signed certificate: CN `p2p CA <cluster>`, URI `spiffe://<cluster>`, no intermediate below it.
  static Result<Authority> make(const AuthorityRequest& request, WallTime now);

  /// From what make() made, or another CA; `invalid` when the certificate is not a CA's or names no cluster, `damaged`
  /// when the key is another certificate's.
  static Result<Authority> open(Certificate certificate, crypto::KeyPtr key);

  /// Signs a certificate for a key that the caller made, valid from `now` less kBackdate, never past this CA's own end.
  /// A node gets its name, localhost, 127.0.0.1 and ::1 and may be server and client; an operator is only a client. One
  /// without role is only a server, has no URI, and the additional names only (its name, where there are none). A
  /// node's name outside the CA's DNS subtrees becomes NAME.SUBTREE, with the first of them. `invalid` for a bad name
  /// or lifetime, a name that this CA may not sign, and for a coordinator whose key cannot sign tokens (Ed25519);
  /// `failed` when the CA itself is not valid now.
  Result<Certificate> issue(const LeafRequest& request, const EVP_PKEY& subject_key, WallTime now) const;

  const Certificate& certificate() const noexcept { return certificate_; }
  const EVP_PKEY& key() const noexcept { return *key_; }
  const std::string& cluster_name() const noexcept { return cluster_name_; }

 private:
  Authority(Certificate certificate, crypto::KeyPtr key, std::string cluster_name)
      : certificate_(std::move(certificate)), key_(std::move(key)), cluster_name_(std::move(cluster_name)) {}
  Certificate certificate_;
  crypto::KeyPtr key_;
  std::string cluster_name_;
};

}  // namespace p2p::pki

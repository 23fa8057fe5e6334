// A CA and certificates of it, as the tests need them.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "../crypto/openssl_cli.hpp"
#include "base/system_clock.hpp"
#include "pki/authority.hpp"

namespace p2p::test {

inline WallTime now() { return SystemClock().wall(); }

inline pki::Authority make_authority(const std::string& cluster = "p2p",
                                     crypto::KeyType type = crypto::KeyType::ecdsa_p256) {
  auto made = pki::Authority::make({.cluster_name = cluster, .key_type = type}, now());
  REQUIRE_MESSAGE(made.has_value(), made.error().context);
  return std::move(*made);
}

struct Leaf {
  pki::Certificate certificate;
  crypto::KeyPtr key;
  std::string key_pem() const { return std::string(crypto::write_private_key(*key)->view()); }
};

inline Leaf issue(const pki::Authority& authority, const pki::LeafRequest& request, WallTime at = now(),
                  crypto::KeyType type = crypto::KeyType::ecdsa_p256) {
  auto key = crypto::generate_key(type);
  REQUIRE(key.has_value());
  auto certificate = authority.issue(request, **key, at);
  REQUIRE_MESSAGE(certificate.has_value(), certificate.error().context);
  return {std::move(*certificate), std::move(*key)};
}

}  // namespace p2p::test

// A home with a CA that signs, as the tests of the issuing authority need it.
#pragma once

#include "fleet.hpp"
#include "pki/certificate_folder.hpp"
#include "pki/issuing_authority.hpp"

namespace p2p::test {

/// Value or the error's sentence.
template <class T>
T take(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().context);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct AuthorityHome {
  TemporaryFolder folder;
  pki::AuthorityPaths paths = pki::AuthorityPaths::in(folder.path());
  pki::Act act{"tester@here", std::chrono::floor<std::chrono::seconds>(now())};

  pki::IssuingAuthority make(const pki::AuthorityRequest& request = {}) const {
    return take(pki::IssuingAuthority::make(paths, request, act));
  }
  pki::IssuingAuthority open() const { return take(pki::IssuingAuthority::open(paths, act)); }
  pki::Act later(std::chrono::seconds by) const { return {act.who, act.at + by}; }

  /// A certificate that `authority` signs and records.
  pki::Certificate issue(pki::IssuingAuthority& authority, const pki::LeafRequest& request) const {
    const auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256);
    return take(authority.issue(request, **key, act));
  }
  /// The inventory, to be looked at or damaged behind its back.
  Database database() const { return take(Database::open(paths.inventory, Database::Mode::create)); }
  std::int64_t number(const char* sql) const {
    auto base = database();
    auto query = take(base.prepare(sql));
    REQUIRE(take(query.step()));
    return query.integer(0);
  }
};

}  // namespace p2p::test

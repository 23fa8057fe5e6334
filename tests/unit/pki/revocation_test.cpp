#include "pki/revocation.hpp"

#include <doctest/doctest.h>

using namespace p2p;

TEST_CASE("the highest number of each issuer wins, and issuers do not mix") {
  const Bytes one{1}, two{2}, serial{5, 6}, other{7};
  const pki::RevocationLists none;
  CHECK_FALSE(none.is_revoked(one, serial));
  const auto first = none.with({one, 10, {}, {}, {{serial}}});
  CHECK(first.is_revoked(one, serial));
  CHECK_FALSE(first.is_revoked(two, serial));
  CHECK_FALSE(first.is_revoked(one, other));
  CHECK_FALSE(none.is_revoked(one, serial));  // a snapshot stays what it was

  const auto older = first.with({one, 9, {}, {}, {}});
  CHECK(older.is_revoked(one, serial));
  const auto newer = first.with({one, 11, {}, {}, {{other}, {Bytes{1}}, {Bytes{9, 9}}, {Bytes{2}}}});
  CHECK_FALSE(newer.is_revoked(one, serial));
  CHECK(newer.is_revoked(one, other));
  CHECK(newer.is_revoked(one, Bytes{1}));
  CHECK(newer.find(one)->number == 11);
  const auto both = newer.with({two, 1, {}, {}, {{serial}}});
  REQUIRE(both.find(one) != nullptr);
  CHECK(both.is_revoked(two, serial));
  CHECK(both.find(Bytes{3}) == nullptr);
}

TEST_CASE("reasons have their numbers of RFC 5280 and names") {
  CHECK(static_cast<int>(pki::RevocationReason::key_compromise) == 1);
  CHECK(static_cast<int>(pki::RevocationReason::superseded) == 4);
  CHECK(pki::revocation_reason_of(9) == pki::RevocationReason::privilege_withdrawn);
  CHECK_FALSE(pki::revocation_reason_of(6).has_value());  // certificateHold would have to be lifted again
  for (const auto reason : pki::revocation_reasons()) CHECK(pki::parse_revocation_reason(to_string(reason)) == reason);
  CHECK_FALSE(pki::parse_revocation_reason("keyCompromise").has_value());
}

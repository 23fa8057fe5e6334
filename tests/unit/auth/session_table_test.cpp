#include "auth/session_table.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::auth;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

SecretHash hash(int number) {
  SecretHash out{};
  out[0] = static_cast<std::uint8_t>(number);
  out[31] = static_cast<std::uint8_t>(number >> 8);
  return out;
}

WebUser alice(WebRole role = WebRole::operator_) { return {"alice", role, {{1, 2}, {3}}, kNow + 30 * 24h}; }

/// A table with one session, hash(2), of the secret hash(3).
SessionTable signed_in() {
  SessionTable table;
  REQUIRE(table.add_token(hash(1), alice(), kNow).has_value());
  REQUIRE(table.trade(hash(1), hash(2), hash(3), kNow).has_value());
  return table;
}

}  // namespace

TEST_CASE("a token is good once") {
  SessionTable table = signed_in();
  const WebSession* session = table.find(hash(2), kNow);
  REQUIRE(session != nullptr);
  CHECK(session->user.subject == "alice");
  CHECK(same_secret(session->secret, hash(3)));
  const auto again = table.trade(hash(1), hash(4), hash(5), kNow);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().kind() == Errc::not_permitted);
  CHECK(table.find(hash(4), kNow) == nullptr);
}

TEST_CASE("a token is good for a minute, and an unknown one for nothing") {
  SessionTable table;
  REQUIRE(table.add_token(hash(1), alice(), kNow).has_value());
  CHECK_FALSE(table.trade(hash(9), hash(2), hash(3), kNow).has_value());
  CHECK_FALSE(table.trade(hash(1), hash(2), hash(3), kNow + 60s).has_value());
  REQUIRE(table.add_token(hash(1), alice(), kNow).has_value());
  CHECK(table.trade(hash(1), hash(2), hash(3), kNow + 59s).has_value());
}

TEST_CASE("a session ends twelve hours after its last use, after seven days, and with its certificate") {
  SessionTable table = signed_in();
  CHECK(table.find(hash(2), kNow + 12h - 1s) != nullptr);
  CHECK(table.find(hash(2), kNow + 12h) == nullptr);
  for (auto at = kNow; at < kNow + 7 * 24h; at += 11h) {
    CHECK(table.find(hash(2), at) != nullptr);
    table.use(hash(2), at);
  }
  CHECK(table.find(hash(2), kNow + 7 * 24h) == nullptr);

  SessionTable short_lived;
  WebUser user = alice();
  user.ends_at = kNow + 1h;
  REQUIRE(short_lived.add_token(hash(1), user, kNow).has_value());
  REQUIRE(short_lived.trade(hash(1), hash(2), hash(3), kNow).has_value());
  CHECK(short_lived.find(hash(2), kNow + 59min) != nullptr);
  CHECK(short_lived.find(hash(2), kNow + 1h) == nullptr);
}

TEST_CASE("a session that was ended is gone") {
  SessionTable table = signed_in();
  CHECK(table.end(hash(2)));
  CHECK_FALSE(table.end(hash(2)));
  CHECK(table.find(hash(2), kNow) == nullptr);
}

TEST_CASE("a certificate that is revoked takes its sessions and tokens along") {
  SessionTable table = signed_in();
  WebUser bob = alice();
  bob.certificate.serial = {4};
  REQUIRE(table.add_token(hash(6), bob, kNow).has_value());
  REQUIRE(table.trade(hash(6), hash(7), hash(8), kNow).has_value());
  REQUIRE(table.add_token(hash(9), alice(), kNow).has_value());
  CHECK(table.end_revoked([](ByteView, ByteView serial) { return serial[0] == 3; }) == 1);
  CHECK(table.find(hash(2), kNow) == nullptr);
  CHECK(table.find(hash(7), kNow) != nullptr);
  CHECK_FALSE(table.trade(hash(9), hash(10), hash(11), kNow).has_value());
}

TEST_CASE("both are bounded: tokens are refused, of sessions the idlest goes") {
  SessionTable table;
  for (int i = 0; i < static_cast<int>(kMaxSignInTokens); ++i)
    REQUIRE(table.add_token(hash(i), alice(), kNow).has_value());
  const auto refused = table.add_token(hash(5'000), alice(), kNow);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == Errc::limited);
  CHECK(table.add_token(hash(5'000), alice(), kNow + 60s).has_value());

  SessionTable full;
  for (int i = 0; i <= static_cast<int>(kMaxSessions); ++i) {
    REQUIRE(full.add_token(hash(1), alice(), kNow + std::chrono::seconds(i)).has_value());
    REQUIRE(full.trade(hash(1), hash(i), hash(3), kNow + std::chrono::seconds(i)).has_value());
    if (i == 0) full.use(hash(0), kNow + 1h);
  }
  CHECK(full.size() == kMaxSessions);
  CHECK(full.find(hash(0), kNow + 1h) != nullptr);
  CHECK(full.find(hash(1), kNow + 1h) == nullptr);
}

TEST_CASE("sessions survive a restart, tokens do not, and the file has no secret") {
  SessionTable table = signed_in();
  REQUIRE(table.add_token(hash(8), alice(), kNow).has_value());
  SessionTable restarted;
  REQUIRE(restarted.load(table.encode()).has_value());
  const WebSession* session = restarted.find(hash(2), kNow + 1h);
  REQUIRE(session != nullptr);
  CHECK(session->user.role == WebRole::operator_);
  CHECK(session->user.certificate == alice().certificate);
  CHECK(session->ends_at() == kNow + 7 * 24h);
  CHECK(same_secret(session->secret, hash(3)));
  CHECK_FALSE(restarted.trade(hash(8), hash(9), hash(10), kNow).has_value());
  for (const char* text :
       {"", "{}", "[]", R"({"version":1})", R"({"version":1,"sessions":[{}]})", R"({"version":2,"sessions":[]})"}) {
    CHECK_FALSE(restarted.load(text).has_value());
  }
  CHECK(restarted.find(hash(2), kNow) != nullptr);
}

TEST_CASE("a viewer may read and change nothing") {
  const Scopes viewer = scopes_of(WebRole::viewer);
  for (const Permission permission : {Permission::rpc_call, Permission::services_control, Permission::logs_clear,
                                      Permission::certs_manage, Permission::admin}) {
    CHECK_FALSE(viewer.has(permission));
    CHECK(scopes_of(WebRole::operator_).has(permission));
  }
  CHECK(viewer.has(Permission::logs_read));
  CHECK(viewer.has(Permission::cluster_read));
  CHECK(parse_web_role("viewer") == WebRole::viewer);
  CHECK(parse_web_role("operator") == WebRole::operator_);
  CHECK_FALSE(parse_web_role("admin").has_value());
}

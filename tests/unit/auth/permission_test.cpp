#include "auth/permission.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::auth;

namespace {

Caller someone(pki::Role role, bool over_p2p) {
  Caller out;
  out.identity = pki::Identity{"p2p", role, "n-1"};
  out.scopes = Scopes::of_role(role);
  out.over_p2p = over_p2p;
  return out;
}

}  // namespace

TEST_CASE("callers have one name each: a token's bearer is not taken for the operator of that name") {
  Caller caller = someone(pki::Role::operator_, true);
  CHECK(caller_name(caller) == "operator/n-1");
  caller.token_id = "abc";
  CHECK(caller_name(caller) == "token/n-1");
  CHECK(caller_name(someone(pki::Role::worker, true)) == "worker/n-1");
  CHECK(caller_name(Caller()) == "anonymous");
}

TEST_CASE("scopes have one text form, in the order of DESIGN.md section 5") {
  CHECK(Scopes::all().to_text() ==
        "rpc:call,services:control,logs:read,logs:clear,certs:read,certs:manage,cluster:read,metrics:read,admin");
  CHECK(Scopes::parse("metrics:read, rpc:call")->to_text() == "rpc:call,metrics:read");
  CHECK(Scopes::parse("")->to_text().empty());
}

TEST_CASE("unknown and ungrantable scopes are refused by name") {
  for (const char* text : {"rpc:cal", "rpc:call,open", "node", "authenticated", "RPC:CALL"}) {
    const auto parsed = Scopes::parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().kind() == Errc::invalid);
  }
  CHECK(Scopes::parse("a\x1b[31m").error().context.find('\x1b') == std::string::npos);
}

TEST_CASE("roles have the scopes of DESIGN.md section 5 and no more") {
  CHECK(Scopes::of_role(pki::Role::operator_) == Scopes::all());
  CHECK(Scopes::of_role(pki::Role::coordinator).to_text() == "rpc:call,cluster:read,metrics:read");
  CHECK(Scopes::of_role(pki::Role::worker).to_text().empty());
  CHECK(Scopes::all().contains(Scopes::of_role(pki::Role::coordinator)));
  CHECK_FALSE(Scopes::of_role(pki::Role::coordinator).contains(Scopes::all()));
}

TEST_CASE("deny by default: who may do what") {
  const Caller anonymous;
  const Caller worker = someone(pki::Role::worker, true);
  const Caller coordinator = someone(pki::Role::coordinator, true);
  const Caller person = someone(pki::Role::operator_, true);
  const Caller worker_by_token = someone(pki::Role::worker, false);

  CHECK(require(anonymous, Permission::open).has_value());
  CHECK_FALSE(require(anonymous, Permission::authenticated).has_value());
  CHECK(require(worker, Permission::authenticated).has_value());
  CHECK(require(worker, Permission::node).has_value());
  CHECK(require(coordinator, Permission::node).has_value());
  CHECK_FALSE(require(person, Permission::node).has_value());
  CHECK_FALSE(require(worker_by_token, Permission::node).has_value());
  CHECK_FALSE(require(worker, Permission::rpc_call).has_value());
  CHECK(require(coordinator, Permission::rpc_call).has_value());
  CHECK_FALSE(require(coordinator, Permission::logs_read).has_value());
  CHECK_FALSE(require(coordinator, Permission::admin).has_value());
  CHECK(require(person, Permission::admin).has_value());
}

TEST_CASE("services are shown to who may call them and to who sees the fleet, and to nobody else") {
  Caller bearer = someone(pki::Role::operator_, false);
  for (const char* scope : {"rpc:call", "cluster:read"}) {
    bearer.scopes = Scopes::parse(scope).value();
    CHECK(require(bearer, Permission::services_read).has_value());
  }
  bearer.scopes = Scopes::parse("services:control,logs:read,certs:manage,metrics:read").value();
  const auto refused = require(bearer, Permission::services_read);
  CHECK(refused.error().context == "operator \"n-1\" may not do that: it requires rpc:call or cluster:read");
  CHECK_FALSE(require(someone(pki::Role::worker, true), Permission::services_read).has_value());
  CHECK_FALSE(require(Caller(), Permission::services_read).has_value());
  CHECK_FALSE(Scopes::parse("services:read").has_value());
}

TEST_CASE("a refusal names the missing permission, and tells credentials from rights") {
  const auto refused = require(someone(pki::Role::worker, true), Permission::logs_read);
  CHECK(refused.error().kind() == Errc::not_permitted);
  CHECK(refused.error().context == "worker \"n-1\" may not do that: it requires logs:read");
  auto bearer = someone(pki::Role::operator_, false);
  bearer.scopes = {};
  bearer.token_id = "t1";
  CHECK(require(bearer, Permission::admin).error().context == "token \"n-1\" may not do that: it requires admin");
  CHECK(require(Caller{}, Permission::logs_read).error().context == "credentials are needed: this requires logs:read");
}

TEST_CASE("a stated caller reads back as it was written") {
  Caller caller = someone(pki::Role::operator_, true);
  caller.scopes = Scopes::parse("rpc:call,logs:read").value();
  CHECK(caller.to_stated() == "operator/n-1;rpc:call,logs:read");
  const auto back = parse_stated_caller(caller.to_stated());
  REQUIRE(back.has_value());
  CHECK(back->identity->role == pki::Role::operator_);
  CHECK(back->identity->name == "n-1");
  CHECK(back->scopes == caller.scopes);
  CHECK_FALSE(back->over_p2p);
  CHECK(someone(pki::Role::worker, true).to_stated() == "worker/n-1;");
  CHECK(parse_stated_caller("worker/n-1;").has_value());
  CHECK(Caller{}.to_stated().empty());
}

TEST_CASE("a malformed stated caller is refused") {
  for (const char* text : {"", "operator", "operator/n-1", "root/n-1;", "operator/;", "operator/../x;", "operator;a/b",
                           "operator/n-1;everything", "operator/n-1;;rpc:call;x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_stated_caller(text).has_value());
  }
}

// Tokens: who is believed, by RFC 7515, 7519 and 8725.
#include "auth/token_gate.hpp"

#include "../pki/home.hpp"
#include "auth/issued_tokens.hpp"
#include "auth/revoked_token_list.hpp"
#include "crypto/jws.hpp"

using namespace p2p;
using namespace p2p::auth;
using test::take;

namespace {

/// A coordinator of a fleet, which issues.
struct Issuer {
  explicit Issuer(pki::Role role = pki::Role::coordinator, crypto::KeyType type = crypto::KeyType::ecdsa_p256,
                  const pki::Authority& by = authority())
      : leaf(test::issue(by, {.role = role, .name = "coordinator-1"}, test::now(), type)),
        signer(take(pki::RecordSigner::make(leaf.certificate.pem(), leaf.key_pem()))) {}

  static const pki::Authority& authority() {
    static const auto made = test::make_authority();
    return made;
  }
  test::Leaf leaf;
  pki::RecordSigner signer;
};

TokenTrust trust(pki::RevocationCheck is_revoked = {}) {
  return {take(pki::Roots::from_pem(Issuer::authority().certificate().pem(), "roots")), "p2p", std::move(is_revoked)};
}

Token some_token() {
  Token out;
  out.id = "abc-123_XYZ";
  out.subject = "prometheus";
  out.scopes = take(Scopes::parse("metrics:read,cluster:read"));
  out.issued_at = std::chrono::floor<std::chrono::seconds>(test::now());
  out.expires_at = out.issued_at + std::chrono::hours(1);
  out.issuer = "coordinator-1";
  out.asker = {Bytes{1, 2}, Bytes{3, 4, 5}};
  return out;
}

std::string base64url(const std::string& text) { return to_base64url(as_bytes(text)); }

/// As some_token() says, in the form that an attacker chooses.
struct Forged {
  Json header = {{"typ", "JWT"}};
  Json claims = to_claims(some_token(), "p2p");
  std::string sign(const Issuer& by) const {
    Json with_chain = header;
    if (!with_chain.contains("x5c")) with_chain["x5c"] = Json::array({to_base64(by.signer.certificate_der())});
    return take(crypto::sign_compact_jws(with_chain, dump_json(claims), by.signer.key()));
  }
};

Errc refused_as(const std::string& text, const TokenTrust& by, WallTime at = test::now()) {
  const auto token = verify_token(text, by, at);
  REQUIRE_FALSE(token.has_value());
  // Logs and answers never repeat what somebody showed.
  CHECK(token.error().context.find(text.substr(0, 40)) == std::string::npos);
  return token.error().kind();
}

}  // namespace

TEST_CASE("a token says what it was made for, whatever the kind of key") {
  for (const auto type : {crypto::KeyType::ecdsa_p256, crypto::KeyType::rsa_2048}) {
    const Issuer issuer(pki::Role::coordinator, type);
    const std::string text = take(sign_token(some_token(), "p2p", issuer.signer));
    const Token token = take(verify_token(text, trust(), test::now()));
    CHECK(token.id == "abc-123_XYZ");
    CHECK(token.subject == "prometheus");
    CHECK(token.scopes.to_text() == "cluster:read,metrics:read");
    CHECK(token.expires_at == some_token().expires_at);
    CHECK(token.asker == some_token().asker);
    // As RFC 7519 and 8693 call them.
    const Json claims = take(parse_json(crypto::parse_compact_jws(text)->payload));
    CHECK(claims.at("scope") == "cluster:read metrics:read");
    CHECK(claims.at("aud") == "p2p");
    CHECK(claims.at("iss") == "coordinator-1");
  }
}

TEST_CASE("a token is good from a minute before its issue to a minute after its end") {
  const Issuer issuer;
  const std::string text = take(sign_token(some_token(), "p2p", issuer.signer));
  const Token token = some_token();
  CHECK(verify_token(text, trust(), token.issued_at - std::chrono::seconds(59)).has_value());
  CHECK(refused_as(text, trust(), token.issued_at - std::chrono::seconds(62)) == Errc::not_permitted);
  CHECK(verify_token(text, trust(), token.expires_at + std::chrono::seconds(58)).has_value());
  CHECK(refused_as(text, trust(), token.expires_at + std::chrono::seconds(61)) == Errc::not_permitted);
}

TEST_CASE("only a coordinator of this CA and cluster makes tokens, and in its own name") {
  CHECK(refused_as(Forged().sign(Issuer(pki::Role::worker)), trust()) == Errc::not_permitted);
  const auto stranger = test::make_authority();
  CHECK(refused_as(Forged().sign(Issuer(pki::Role::coordinator, crypto::KeyType::ecdsa_p256, stranger)), trust()) ==
        Errc::not_permitted);
  Forged other_issuer;
  other_issuer.claims["iss"] = "coordinator-2";
  CHECK(refused_as(other_issuer.sign(Issuer()), trust()) == Errc::not_permitted);
  Forged other_cluster;
  other_cluster.claims["aud"] = "shop";
  CHECK(refused_as(other_cluster.sign(Issuer()), trust()) == Errc::not_permitted);
}

TEST_CASE("a coordinator's certificate beside a signature of another key is no token") {
  const Issuer issuer;
  const Issuer attacker(pki::Role::worker);
  Forged forged;
  forged.header["x5c"] = Json::array({to_base64(issuer.signer.certificate_der())});
  CHECK(refused_as(forged.sign(attacker), trust()) == Errc::damaged);
}

TEST_CASE("alg none, and HS256 with the public certificate as its secret, are refused") {
  const Issuer issuer;
  const auto header = [&](const char* algorithm) {
    return dump_json(
        {{"alg", algorithm}, {"typ", "JWT"}, {"x5c", Json::array({to_base64(issuer.signer.certificate_der())})}});
  };
  const std::string payload = base64url(dump_json(to_claims(some_token(), "p2p")));
  CHECK(refused_as(base64url(header("none")) + "." + payload + ".", trust()) == Errc::invalid);
  const Json mac_header = {{"typ", "JWT"}, {"x5c", Json::array({to_base64(issuer.signer.certificate_der())})}};
  const Json mac = take(crypto::sign_jws(mac_header, dump_json(to_claims(some_token(), "p2p")),
                                         crypto::Secret(issuer.leaf.certificate.pem())));
  const auto part = [&](const char* name) { return mac.at(name).get<std::string>(); };
  const std::string text = part("protected") + "." + part("payload") + "." + part("signature");
  CHECK_FALSE(verify_token(text, trust(), test::now()).has_value());
}

TEST_CASE("a header or claim that is not exactly ours is refused") {
  const Issuer issuer;
  const std::string der = to_base64(issuer.signer.certificate_der());
  const std::vector<Json> headers = {
      {{"typ", "p2p-other"}},
      {{"typ", "JWT"}, {"jku", "https://attacker.example/keys"}},
      {{"typ", "JWT"}, {"x5c", Json::array({der, der})}},
      {{"typ", "JWT"}, {"x5c", Json::array()}},
      {{"typ", "JWT"}, {"x5c", der}},
  };
  for (const Json& header : headers) {
    Forged forged;
    forged.header = header;
    CAPTURE(header.dump());
    CHECK(refused_as(forged.sign(issuer), trust()) == Errc::invalid);
  }
  const std::vector<std::pair<const char*, Json>> claims = {
      {"jti", ""},
      {"jti", std::string(65, 'a')},
      {"jti", "a b"},
      {"jti", 7},
      {"sub", "a/b"},
      {"sub", nullptr},
      {"exp", -1},
      {"exp", "soon"},
      {"exp", 1e300},
      {"iat", 18'446'744'073'709'551'615U},
      {"scope", 1},
      {"asker", "x"},
      {"asker", {{"issuer", "zz"}, {"serial", "00"}}},
  };
  for (const auto& [name, value] : claims) {
    Forged forged;
    forged.claims[name] = value;
    CAPTURE(std::string(name) + " " + value.dump());
    CHECK(refused_as(forged.sign(issuer), trust()) == Errc::invalid);
  }
  CHECK(refused_as(std::string(9000, 'a'), trust()) == Errc::too_large);
}

TEST_CASE("scopes of a later version are left out, not granted") {
  Forged forged;
  forged.claims["scope"] = "metrics:read moon:land";
  CHECK(take(verify_token(forged.sign(Issuer()), trust(), test::now())).scopes.to_text() == "metrics:read");
}

TEST_CASE("a token dies with the certificate that signed it, and with the one that asked for it") {
  const Issuer issuer;
  const std::string text = take(sign_token(some_token(), "p2p", issuer.signer));
  const Bytes signer = issuer.leaf.certificate.facts().serial;
  const Bytes asker = some_token().asker.serial;
  for (const Bytes& revoked : {signer, asker}) {
    const auto is_revoked = [&](ByteView, ByteView serial) { return std::ranges::equal(serial, revoked); };
    CHECK(refused_as(text, trust(is_revoked)) == Errc::not_permitted);
  }
}

const auto kMayVerify = [] { return true; };

TEST_CASE("the gate knows a caller by its token, until the token is revoked") {
  const Issuer issuer;
  const std::string header = "bearer " + take(sign_token(some_token(), "p2p", issuer.signer));
  TokenGate gate;
  Caller caller;
  CHECK_FALSE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
  gate.set_trust(trust());
  for (int again = 0; again < 2; ++again) {
    caller = {};
    REQUIRE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
    CHECK(caller.identity->name == "prometheus");
    CHECK(caller.scopes == some_token().scopes);
    CHECK(caller.certificate == some_token().asker);
    CHECK(caller.token_id == "abc-123_XYZ");
    CHECK_FALSE(caller.is_node());
    CHECK(require(caller, Permission::metrics_read).has_value());
    CHECK_FALSE(require(caller, Permission::rpc_call).has_value());
  }
  // Remembered, yet it expires.
  const auto late = some_token().expires_at + std::chrono::seconds(61);
  CHECK_FALSE(gate.authenticate(header, late, kMayVerify, caller).has_value());

  TokenBlacklist blacklist;
  CHECK(blacklist.add({{"abc-123_XYZ", some_token().expires_at}}, test::now()) == 1);
  gate.set_revoked(blacklist.snapshot());
  Caller nobody;
  CHECK(gate.authenticate(header, test::now(), kMayVerify, nobody).error().context == "the token was revoked");
  CHECK_FALSE(nobody.identity);
}

TEST_CASE("the gate asks before it verifies what it does not remember") {
  const Issuer issuer;
  const std::string header = "Bearer " + take(sign_token(some_token(), "p2p", issuer.signer));
  TokenGate gate;
  gate.set_trust(trust());
  Caller caller;
  const auto may_not = [] { return false; };
  for (const std::string& unknown : {header, std::string("Bearer a.b.c")}) {
    CHECK(gate.authenticate(unknown, test::now(), may_not, caller).error().kind() == Errc::limited);
  }
  CHECK_FALSE(caller.identity);
  CHECK(gate.authenticate("", test::now(), may_not, caller).has_value());
  REQUIRE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
  CHECK(gate.authenticate(header, test::now(), may_not, caller).has_value());
}

TEST_CASE("a remembered token is judged again when the trust changes") {
  const Issuer issuer;
  const std::string header = "Bearer " + take(sign_token(some_token(), "p2p", issuer.signer));
  TokenGate gate;
  gate.set_trust(trust());
  Caller caller;
  REQUIRE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
  gate.set_trust(trust([](ByteView, ByteView) { return true; }));
  CHECK_FALSE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
}

TEST_CASE("no header is no caller; another scheme is an error") {
  TokenGate gate;
  gate.set_trust(trust());
  Caller caller;
  CHECK(gate.authenticate("", test::now(), kMayVerify, caller).has_value());
  CHECK_FALSE(caller.identity);
  for (const char* header : {"Basic YTpi", "Bearer", "Bearer ", "Bearer a.b.c", "Bearer   "}) {
    CHECK_FALSE(gate.authenticate(header, test::now(), kMayVerify, caller).has_value());
  }
}

TEST_CASE("what was revoked stays so until it would have expired") {
  TokenBlacklist blacklist;
  const auto now = std::chrono::floor<std::chrono::seconds>(test::now());
  CHECK(blacklist.add({{"a", now + std::chrono::seconds(10)}, {"b", now - std::chrono::seconds(61)}}, now) == 1);
  CHECK(blacklist.add({{"a", now + std::chrono::seconds(10)}}, now) == 0);
  CHECK(blacklist.contains("a"));
  CHECK(blacklist.drop_expired(now + std::chrono::seconds(69)) == 0);
  CHECK(blacklist.drop_expired(now + std::chrono::seconds(70)) == 1);
  CHECK_FALSE(blacklist.contains("a"));
}

TEST_CASE("the list of revoked tokens is believed of a coordinator, and of nobody else") {
  const Issuer issuer;
  const RevokedTokenList list{7, {{"abc", some_token().expires_at}}};
  const std::string text = take(sign_revoked_tokens(list, "p2p", issuer.signer));
  const auto read = take(read_revoked_token_list(text, trust(), test::now()));
  CHECK(read.version == 7);
  CHECK(read.revoked == list.revoked);

  const auto fails_as = [](const std::string& candidate, const TokenTrust& by) {
    return read_revoked_token_list(candidate, by, test::now()).error().kind();
  };
  const Issuer worker(pki::Role::worker);
  CHECK(fails_as(take(sign_revoked_tokens(list, "p2p", worker.signer)), trust()) == Errc::not_permitted);
  CHECK(fails_as(take(sign_revoked_tokens(list, "shop", issuer.signer)), trust()) == Errc::damaged);
  CHECK(fails_as(text, trust([](ByteView, ByteView) { return true; })) == Errc::not_permitted);
  Json changed = take(parse_json(text));
  changed["list"] = R"({"version":8,"revoked":[]})";
  CHECK(fails_as(dump_json(changed), trust()) == Errc::damaged);
  for (const char* nothing : {"", "[]", "{}", R"({"list":"","certificate":"","signature":""})"}) {
    CHECK(fails_as(nothing, trust()) == Errc::damaged);
  }
}

TEST_CASE("issued tokens are found by id and by name, and are remembered") {
  IssuedTokens issued;
  for (const char* id : {"one", "two"}) {
    Token token = some_token();
    token.id = id;
    REQUIRE(issued.add({token, "alice"}).has_value());
  }
  const auto again = take(parse_issued_tokens(format_issued_tokens(issued, "p2p"), "p2p"));
  CHECK(again.find("two").size() == 1);
  CHECK(again.find("prometheus").size() == 2);
  CHECK(again.find("alice").empty());
  CHECK(parse_issued_tokens("{}", "p2p").error().kind() == Errc::damaged);
}

TEST_CASE("a stated caller keeps the id of its token") {
  Caller caller;
  caller.identity = pki::Identity{"p2p", pki::Role::operator_, "prometheus"};
  caller.scopes = take(Scopes::parse("rpc:call"));
  caller.token_id = "abc-1";
  CHECK(caller.to_stated() == "operator/prometheus;rpc:call;token=abc-1");
  const auto stated = take(parse_stated_caller(caller.to_stated()));
  CHECK(stated.token_id == "abc-1");
  CHECK(stated.scopes == caller.scopes);
  CHECK_FALSE(parse_stated_caller("operator/x;rpc:call;token=").has_value());
  CHECK_FALSE(parse_stated_caller("operator/x;rpc:call;token=a;b").has_value());
}

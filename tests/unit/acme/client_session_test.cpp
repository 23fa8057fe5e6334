#include "acme/client_session.hpp"

#include <doctest/doctest.h>

#include "support/plain_signer.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace p2p::test;
using net::Method;

namespace {

constexpr WallTime kSessionNow{std::chrono::seconds(1'800'000'000)};
constexpr char kDirectory[] = R"({"newNonce":"https://ca/nonce","newAccount":"https://ca/account",
  "newOrder":"https://ca/order","revokeCert":"https://ca/revoke","renewalInfo":"https://ca/renewal"})";

net::Answer make(unsigned status, std::string body, const std::string& nonce = {}) {
  net::Answer out;
  out.status = status;
  out.body = std::move(body);
  if (!nonce.empty()) out.headers.add("Replay-Nonce", nonce);
  return out;
}

net::Answer problem(const std::string& type, unsigned status, const std::string& nonce = {}) {
  return make(status, R"({"type":"urn:ietf:params:acme:error:)" + type + R"(","detail":"why"})", nonce);
}

net::Answer account(const std::string& nonce) {
  net::Answer out = make(201, R"({"status":"valid"})", nonce);
  out.headers.add("Location", "https://ca/account/1");
  return out;
}

/// A session that asks for an order, and what it was last told to send.
struct Talk {
  explicit Talk(ClientAccount by = {}) : session(with_key(std::move(by))) { ask.where = Ask::Where::new_order; }
  ClientAccount with_key(ClientAccount by) {
    by.directory_url = "https://ca/directory";
    by.key = &key;
    return by;
  }
  ClientRequest next() { return session.next(ask).value(); }
  Json head() { return Json::parse(jws_part(next().body, "protected")); }
  /// True when the session has its answer.
  bool receive(const net::Answer& answer) {
    outcome = session.receive(answer, kSessionNow);
    return outcome.has_value();
  }
  /// Up to the point where the ask itself is sent.
  void begin() {
    next();
    receive(make(200, kDirectory));
    next();
    receive(make(200, "", "n1"));
    next();
    receive(account("n2"));
  }

  PlainSigner key;
  ClientSession session;
  Ask ask;
  std::optional<ClientResult<net::Answer>> outcome;
};

}  // namespace

TEST_CASE("directory, nonce, account, then what was asked for, each with the nonce of the answer before") {
  Talk talk;
  talk.ask.payload = R"({"identifiers":[]})";
  ClientRequest request = talk.next();
  CHECK(request.method == Method::get);
  CHECK(request.url == "https://ca/directory");
  CHECK_FALSE(talk.receive(make(200, kDirectory)));
  request = talk.next();
  CHECK(request.method == Method::head);
  CHECK(request.url == "https://ca/nonce");
  CHECK_FALSE(talk.receive(make(200, "", "n1")));
  request = talk.next();
  CHECK(request.method == Method::post);
  CHECK(request.url == "https://ca/account");
  CHECK(Json::parse(jws_part(request.body, "protected")) ==
        Json::parse(R"({"alg":"ES256","nonce":"n1","url":"https://ca/account","jwk":{"kty":"test"}})"));
  CHECK(Json::parse(jws_part(request.body, "payload")) == Json::parse(R"({"termsOfServiceAgreed":true})"));
  CHECK(jws_part(request.body, "signature") == "signed by ES256");
  CHECK_FALSE(talk.receive(account("n2")));
  CHECK(talk.session.account_url() == "https://ca/account/1");
  request = talk.next();
  CHECK(request.url == "https://ca/order");
  CHECK(Json::parse(jws_part(request.body, "protected")) ==
        Json::parse(R"({"alg":"ES256","nonce":"n2","url":"https://ca/order","kid":"https://ca/account/1"})"));
  CHECK(jws_part(request.body, "payload") == talk.ask.payload);
  CHECK(talk.receive(make(201, "{}", "n3")));
  CHECK((*talk.outcome)->body == "{}");

  talk.ask = {Ask::Where::url, "https://ca/order/1", {}};
  request = talk.next();
  CHECK(Json::parse(jws_part(request.body, "protected"))["nonce"] == "n3");
  CHECK(jws_part(request.body, "payload").empty());
}

TEST_CASE("a refused nonce is answered with the fresh one, again and again, but not for ever") {
  Talk talk;
  talk.begin();
  std::string fresh = "n2";
  unsigned refusals = 0;
  for (;; ++refusals) {
    REQUIRE(refusals < 1000);
    CHECK(talk.head()["nonce"] == fresh);
    fresh = "fresh" + std::to_string(refusals);
    if (talk.receive(problem("badNonce", 400, fresh))) break;
  }
  // Half of all nonces refused must not matter: 2^-20 is one in a million.
  CHECK(refusals >= 20);
  CHECK(talk.outcome->error().problem == "badNonce");
}

TEST_CASE("a refusal without a nonce leads to newNonce, and so does a lost answer") {
  Talk talk;
  talk.begin();
  talk.next();
  CHECK_FALSE(talk.receive(problem("badNonce", 400)));
  CHECK(talk.next().url == "https://ca/nonce");
  CHECK_FALSE(talk.receive(make(204, "", "n9")));
  CHECK(talk.head()["nonce"] == "n9");
  talk.session.lost();
  CHECK(talk.next().url == "https://ca/nonce");
  CHECK(talk.receive(make(200, "")));
  CHECK(talk.outcome->error().error.kind() == Errc::damaged);
}

TEST_CASE("a nonce that is no base64url is not used (RFC 8555 section 6.5.1)") {
  Talk talk;
  talk.begin();
  talk.next();
  talk.receive(make(200, "{}", "bad nonce\""));
  CHECK(talk.next().url == "https://ca/nonce");
}

TEST_CASE("an external account is bound by its own key (RFC 8555 section 7.3.4)") {
  const PlainSigner mac("HS256");
  ClientAccount by;
  by.external_kid = "kid-1";
  by.external_key = &mac;
  by.contact = {"mailto:admin@example.org"};
  Talk talk(by);
  talk.next();
  talk.receive(make(200, kDirectory));
  talk.next();
  talk.receive(make(200, "", "n1"));
  const Json payload = Json::parse(jws_part(talk.next().body, "payload"));
  CHECK(payload["contact"] == Json::parse(R"(["mailto:admin@example.org"])"));
  const std::string binding = payload["externalAccountBinding"].dump();
  CHECK(Json::parse(jws_part(binding, "protected")) ==
        Json::parse(R"({"alg":"HS256","kid":"kid-1","url":"https://ca/account"})"));
  CHECK(jws_part(binding, "payload") == R"({"kty":"test"})");
  CHECK(jws_part(binding, "signature") == "signed by HS256");
}

TEST_CASE("whether an account needs an invitation is for the server to say") {
  Talk talk;
  talk.next();
  Json directory = Json::parse(kDirectory);
  directory["meta"]["externalAccountRequired"] = true;
  talk.receive(make(200, directory.dump()));
  talk.next();
  talk.receive(make(200, "", "n1"));
  const auto request = talk.session.next(talk.ask);
  REQUIRE(request.has_value());
  CHECK_FALSE(Json::parse(jws_part(request->body, "payload")).contains("externalAccountBinding"));
  const bool is_over = talk.receive(make(
      403, R"({"type":"urn:ietf:params:acme:error:externalAccountRequired","detail":"by invitation alone"})", "n2"));
  REQUIRE(is_over);
  REQUIRE_FALSE(talk.outcome->has_value());
  CHECK(talk.outcome->error().error.kind() == Errc::not_permitted);
}

TEST_CASE("a kept account is used without newAccount; a forgotten one is made again, once") {
  ClientAccount by;
  by.account_url = "https://ca/account/7";
  Talk talk(by);
  talk.next();
  talk.receive(make(200, kDirectory));
  talk.next();
  talk.receive(make(200, "", "n1"));
  CHECK(talk.head()["kid"] == "https://ca/account/7");
  CHECK_FALSE(talk.receive(problem("accountDoesNotExist", 400, "n2")));
  CHECK(talk.next().url == "https://ca/account");
  CHECK_FALSE(talk.receive(account("n3")));
  CHECK(talk.head()["kid"] == "https://ca/account/1");
  CHECK(talk.receive(problem("accountDoesNotExist", 400, "n4")));
  CHECK(talk.outcome->error().error.kind() == Errc::not_found);
}

TEST_CASE("an account that is not valid, or without address, is refused") {
  for (const bool deactivated : {true, false}) {
    Talk talk;
    talk.next();
    talk.receive(make(200, kDirectory));
    talk.next();
    talk.receive(make(200, "", "n1"));
    talk.next();
    net::Answer answer = make(200, deactivated ? R"({"status":"deactivated"})" : R"({"status":"valid"})", "n2");
    if (deactivated) answer.headers.add("Location", "https://ca/account/1");
    CHECK(talk.receive(answer));
    CHECK(talk.outcome->error().error.kind() == (deactivated ? Errc::not_permitted : Errc::damaged));
  }
}

TEST_CASE("a rate limit says when to come back, and what the server said") {
  Talk talk;
  talk.begin();
  talk.next();
  net::Answer answer = problem("rateLimited", 429, "n3");
  answer.headers.add("Retry-After", "3600");
  CHECK(talk.receive(answer));
  const ClientFailure& failure = talk.outcome->error();
  CHECK(failure.error.kind() == Errc::limited);
  CHECK(failure.error.context == "https://ca/order: rateLimited: why");
  CHECK(failure.problem == "rateLimited");
  CHECK(failure.retry_after == std::chrono::hours(1));
}

TEST_CASE("renewalInfo is asked for without an account or nonce (RFC 9773 section 4.1)") {
  Talk talk;
  talk.ask = {Ask::Where::renewal_info, "aki.serial", {}};
  talk.next();
  talk.receive(make(200, kDirectory));
  const ClientRequest request = talk.next();
  CHECK(request.method == Method::get);
  CHECK(request.url == "https://ca/renewal/aki.serial");
  CHECK(talk.receive(make(200, "{}")));
}

TEST_CASE("what the server does not have is unsupported; a directory by plain http is invalid") {
  Talk talk;
  talk.ask.where = Ask::Where::renewal_info;
  talk.next();
  talk.receive(make(200, R"({"newNonce":"https://ca/n","newAccount":"https://ca/a","newOrder":"https://ca/o"})"));
  CHECK(talk.session.next(talk.ask).error().kind() == Errc::unsupported);
  PlainSigner key;
  ClientAccount by;
  by.key = &key;
  by.directory_url = "http://ca/directory";
  CHECK(ClientSession(by).next(talk.ask).error().kind() == Errc::invalid);
}

TEST_CASE("an answer that nobody asked for changes nothing") {
  Talk talk;
  CHECK(talk.receive(make(200, kDirectory)));
  CHECK(talk.outcome->has_error());
  CHECK_FALSE(talk.session.directory().has_value());
}

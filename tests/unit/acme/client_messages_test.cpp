#include "acme/client_messages.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::acme;
using namespace std::chrono_literals;

namespace {

net::Answer refusal(unsigned status, const std::string& body) {
  net::Answer out;
  out.status = status;
  out.body = body;
  return out;
}

}  // namespace

TEST_CASE("a directory as in RFC 8555 section 7.1.1") {
  const auto directory = read_directory(R"({
     "newNonce": "https://example.com/acme/new-nonce",
     "newAccount": "https://example.com/acme/new-account",
     "newOrder": "https://example.com/acme/new-order",
     "newAuthz": "https://example.com/acme/new-authz",
     "revokeCert": "https://example.com/acme/revoke-cert",
     "keyChange": "https://example.com/acme/key-change",
     "meta": {
       "termsOfService": "https://example.com/acme/terms/2017-5-30",
       "website": "https://www.example.com/",
       "caaIdentities": ["example.com"],
       "externalAccountRequired": false
     }})");
  REQUIRE(directory.has_value());
  CHECK(directory->new_nonce == "https://example.com/acme/new-nonce");
  CHECK(directory->new_account == "https://example.com/acme/new-account");
  CHECK(directory->new_order == "https://example.com/acme/new-order");
  CHECK(directory->revoke_certificate == "https://example.com/acme/revoke-cert");
  CHECK(directory->renewal_info.empty());
}

TEST_CASE("a directory that lacks something or leads to plain http is refused") {
  const std::string rest = R"("newAccount":"https://a/2","newOrder":"https://a/3")";
  CHECK(read_directory(R"({"newNonce":"https://a/1",)" + rest + "}").has_value());
  for (const std::string& body :
       {std::string("{" + rest + "}"), R"({"newNonce":"http://a/1",)" + rest + "}", R"({"newNonce":1,)" + rest + "}",
        R"({"newNonce":"https://a/1","renewalInfo":"/x",)" + rest + "}", std::string("[]"), std::string("<html>"),
        R"({"newNonce":"https://a/1","newNonce":"https://b/1",)" + rest + "}"}) {
    CAPTURE(body);
    const auto directory = read_directory(body);
    REQUIRE_FALSE(directory.has_value());
    CHECK(directory.error().kind() == Errc::damaged);
  }
}

TEST_CASE("an order as in RFC 8555 section 7.1.3, and the failed one of a server") {
  const auto order = read_order(R"({"status":"valid","expires":"2016-01-20T14:09:07.99Z",
    "identifiers":[{"type":"dns","value":"www.example.org"}],
    "authorizations":["https://example.com/acme/authz/PAniVnsZcis","https://example.com/acme/authz/r4HqLzrSrpI"],
    "finalize":"https://example.com/acme/order/TOlocE8rfgo/finalize",
    "certificate":"https://example.com/acme/cert/mAt3xBGaobw"})");
  REQUIRE(order.has_value());
  CHECK(order->status == Status::valid);
  CHECK(order->authorizations.size() == 2);
  CHECK(order->certificate == "https://example.com/acme/cert/mAt3xBGaobw");
  const auto failed = read_order(R"({"status":"invalid","authorizations":[],"finalize":"https://a/f",
    "error":{"type":"urn:ietf:params:acme:error:caa","detail":"not you\u001b[2J"}})");
  CHECK(failed->problem == R"(caa: not you\x1b[2J)");
  for (const char* body : {R"({"status":"done","authorizations":[],"finalize":"https://a/f"})",
                           R"({"status":"pending","finalize":"https://a/f"})",
                           R"({"status":"pending","authorizations":["x"],"finalize":"https://a/f"})",
                           R"({"status":"pending","authorizations":[1],"finalize":"https://a/f"})",
                           R"({"status":"pending","authorizations":[]})"}) {
    CAPTURE(body);
    CHECK_FALSE(read_order(body).has_value());
  }
  std::string many = R"({"status":"pending","finalize":"https://a/f","authorizations":[)";
  for (int i = 0; i < 101; ++i) many += R"("https://a/1",)";
  many.back() = ']';
  CHECK_FALSE(read_order(many + "}").has_value());
}

TEST_CASE("an authorization: its http-01 challenge, whatever else is offered") {
  const auto authorization = read_authorization(R"({"status":"pending","identifier":{"type":"ip","value":"192.0.2.1"},
    "challenges":[{"type":"tls-alpn-01","url":"https://a/1","status":"pending","token":"x"},
                  {"type":"new-01","anything":[1]},
                  {"type":"http-01","url":"https://a/2","status":"processing","token":"DGyRejmCefe7v4NfDGDKfA"}]})");
  REQUIRE(authorization.has_value());
  CHECK(authorization->identifier == pki::SubjectName{pki::SubjectName::Kind::ip, "192.0.2.1"});
  CHECK(authorization->http01->url == "https://a/2");
  CHECK(authorization->http01->token == "DGyRejmCefe7v4NfDGDKfA");
  CHECK(authorization->http01->status == Status::processing);
  const auto failed = read_authorization(R"({"status":"invalid","identifier":{"type":"dns","value":"a.example"},
    "challenges":[{"type":"http-01","url":"https://a/2","status":"invalid","token":"x",
      "error":{"type":"urn:ietf:params:acme:error:connection","detail":"refused"}}]})");
  CHECK(failed->problem == "connection: refused");
  for (const char* body :
       {R"({"status":"pending","identifier":{"type":"dns","value":"192.0.2.1"},"challenges":[]})",
        R"({"status":"pending","identifier":{"type":"dns","value":"a/../b"},"challenges":[]})",
        R"({"status":"pending","challenges":[]})", R"({"status":"pending","identifier":{"type":"dns","value":"a"}})",
        R"({"status":"pending","identifier":{"type":"dns","value":"a"},
            "challenges":[{"type":"http-01","url":"https://a/2","status":"pending","token":"../../x"}]})",
        R"({"status":"pending","identifier":{"type":"dns","value":"a"},
            "challenges":[{"type":"http-01","url":"https://a/2","status":"pending"}]})"}) {
    CAPTURE(body);
    CHECK_FALSE(read_authorization(body).has_value());
  }
}

TEST_CASE("a problem is told with detail and subproblems, as in RFC 8555 section 6.7.1") {
  const Problem problem = read_problem(refusal(403, R"({
     "type": "urn:ietf:params:acme:error:malformed",
     "detail": "Some of the identifiers requested were rejected",
     "subproblems": [
       {"type": "urn:ietf:params:acme:error:malformed", "detail": "Invalid underscore in DNS name \"_example.org\"",
        "identifier": {"type": "dns", "value": "_example.org"}},
       {"type": "urn:ietf:params:acme:error:rejectedIdentifier",
        "detail": "This CA will not issue for \"example.net\"",
        "identifier": {"type": "dns", "value": "example.net"}}]})"));
  CHECK(problem.type == "malformed");
  CHECK(problem.text ==
        "malformed: Some of the identifiers requested were rejected; "
        "_example.org: malformed: Invalid underscore in DNS name \"_example.org\"; "
        "example.net: rejectedIdentifier: This CA will not issue for \"example.net\"");
  // An underscore is fine in names of this fleet.
  CHECK(problem.names ==
        std::vector{pki::parse_subject_name("_example.org").value(), pki::parse_subject_name("example.net").value()});
  CHECK(problem.detail == "Some of the identifiers requested were rejected");
  CHECK(read_problem(refusal(502, "<html>")).text == "502 Bad Gateway");
  CHECK(read_problem(refusal(502, "<html>")).detail.empty());
  CHECK(read_problem(refusal(502, "<html>")).type.empty());
  CHECK(read_problem(refusal(400, R"({"type":"about:blank","detail":"no"})")).text == "no");
}

TEST_CASE("what a problem means for a person") {
  CHECK(kind_of_problem("rateLimited", 429) == Errc::limited);
  CHECK(kind_of_problem("unauthorized", 403) == Errc::not_permitted);
  CHECK(kind_of_problem("badCSR", 400) == Errc::invalid);
  CHECK(kind_of_problem("serverInternal", 500) == Errc::failed);
  CHECK(kind_of_problem("", 503) == Errc::limited);
  CHECK(kind_of_problem("", 404) == Errc::not_found);
}

TEST_CASE("renewalInfo and the certificate's id are those of RFC 9773") {
  const auto info = read_renewal_info(R"({"suggestedWindow":{"start":"2025-01-02T04:00:00Z",
    "end":"2025-01-03T04:00:00Z"},"explanationURL":"https://acme.example.com/docs/ari"})");
  REQUIRE(info.has_value());
  CHECK(info->window.end - info->window.start == 24h);
  CHECK(info->explanation_url == "https://acme.example.com/docs/ari");
  CHECK_FALSE(read_renewal_info(R"({"suggestedWindow":{"start":"2025-01-03T04:00:00Z",
    "end":"2025-01-02T04:00:00Z"}})")
                  .has_value());
  CHECK_FALSE(read_renewal_info(R"({"suggestedWindow":{"start":"2025-01-03"}})").has_value());
}

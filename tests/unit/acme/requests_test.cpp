// What every request passes: directory, nonces, JWS.
#include <doctest/doctest.h>

#include "crypto/jws.hpp"
#include "fixture.hpp"

using namespace p2p;
using namespace p2p::test;

namespace {
const std::string kAnyAccount = std::string(kBase) + "/acme/new-account";
const std::string kNewOrder = std::string(kBase) + "/acme/new-order";
}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "the directory names the resources under the configured base, never Host") {
  const auto answer = send(net::Method::get, std::string(kBase) + "/acme/directory");
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/json");
  const Json body = body_of(answer);
  for (const char* name : {"newNonce", "newAccount", "newOrder", "revokeCert", "keyChange", "renewalInfo"}) {
    CHECK(body[name].get<std::string>().starts_with(std::string(kBase) + "/acme/"));
  }
  CHECK(body["meta"]["externalAccountRequired"] == true);
}

TEST_CASE_FIXTURE(ServerFixture, "newNonce: HEAD 200, GET 204, not to be stored") {
  const auto url = std::string(kBase) + "/acme/new-nonce";
  const auto head = send(net::Method::head, url), get = send(net::Method::get, url);
  CHECK(head.status == 200);
  CHECK(get.status == 204);
  for (const auto* answer : {&head, &get}) {
    CHECK(header_of(*answer, "Cache-Control") == "no-store");
    const auto nonce = header_of(*answer, "Replay-Nonce");
    CHECK(to_base64url(from_base64url(nonce).value()) == nonce);
  }
  CHECK(header_of(head, "Replay-Nonce") != header_of(get, "Replay-Nonce"));
}

TEST_CASE_FIXTURE(ServerFixture, "a plain GET of what is signed is 405 malformed") {
  for (const char* path : {"/acme/new-account", "/acme/new-order", "/acme/acct/x", "/acme/order/x", "/acme/authz/x",
                           "/acme/chall/x", "/acme/cert/x", "/acme/revoke-cert", "/acme/key-change"}) {
    const auto answer = send(net::Method::get, std::string(kBase) + path);
    CHECK(answer.status == 405);
    CHECK(problem_of(answer) == "malformed");
    CHECK(header_of(answer, "Allow") == "POST");
  }
}

TEST_CASE_FIXTURE(ServerFixture, "other methods and unknown paths are malformed too, with a nonce for POST alone") {
  using net::Method;
  const auto refused = [&](Method method, const char* path, unsigned status, const char* allowed) {
    const auto answer = send(method, std::string(kBase) + path);
    CAPTURE(path);
    CHECK(problem_of(answer) == "malformed");
    CHECK(answer.status == status);
    CHECK(header_of(answer, "Allow") == allowed);
    CHECK(header_of(answer, "Replay-Nonce").empty() == (method != Method::post));
  };
  for (const auto method : {Method::put, Method::delete_, Method::options, Method::other}) {
    refused(method, "/acme/new-account", 405, "POST");
    refused(method, "/acme/order/x/finalize", 405, "POST");
    refused(method, "/acme/directory", 405, "GET, HEAD");
    refused(method, "/acme/nothing/here", 404, "");
  }
  for (const char* path : {"/acme/directory", "/acme/new-nonce", "/acme/renewal-info/x"}) {
    refused(Method::post, path, 405, "GET, HEAD");
  }
  for (const char* path : {"/acme/", "/acme/nothing", "/acme/acct/", "/acme/order/x/y"}) {
    refused(Method::get, path, 404, "");
    refused(Method::head, path, 404, "");
    refused(Method::post, path, 404, "");
  }
}

TEST_CASE_FIXTURE(ServerFixture, "every answer to a POST brings a fresh nonce, refusals too") {
  const auto answer = send(net::Method::post, kAnyAccount, "not even JSON");
  CHECK(problem_of(answer) == "malformed");
  CHECK_FALSE(header_of(answer, "Replay-Nonce").empty());
  CHECK(header_of(answer, "Cache-Control") == "no-store");
}

TEST_CASE_FIXTURE(ServerFixture, "another content type is 415") {
  TestClient client(*this);
  const auto body = client.sign(kAnyAccount, "{}");
  CHECK(send(net::Method::post, kAnyAccount, body, "application/json").status == 415);
  CHECK(send(net::Method::post, kAnyAccount, body, "").status == 415);
  CHECK(problem_of(send(net::Method::post, kAnyAccount, body, "Application/JOSE+json; charset=utf-8")) ==
        "externalAccountRequired");
}

TEST_CASE_FIXTURE(ServerFixture, "a nonce works once; badNonce is 400 and brings a new one") {
  TestClient client(*this);
  client.join(worker());
  const auto used = client.nonce;
  CHECK(client.post(client.kid, "{}").status == 200);
  const auto again = client.post(client.kid, "{}", [&](Json& header) { header["nonce"] = used; });
  CHECK(problem_of(again) == "badNonce");
  CHECK(again.status == 400);
  CHECK(client.post(client.kid, "{}").status == 200);  // with the nonce that the refusal brought
  const auto without = client.post(client.kid, "{}", [](Json& header) { header.erase("nonce"); });
  CHECK(problem_of(without) == "badNonce");
  const auto forged = client.post(client.kid, "{}", [](Json& header) { header["nonce"] = std::string(43, 'A'); });
  CHECK(problem_of(forged) == "badNonce");
}

TEST_CASE_FIXTURE(ServerFixture, "a replayed request is refused as a whole") {
  TestClient client(*this);
  client.join(worker());
  const auto body = client.sign(client.kid, "{}");
  CHECK(send(net::Method::post, client.kid, body).status == 200);
  CHECK(problem_of(send(net::Method::post, client.kid, body)) == "badNonce");
}

TEST_CASE_FIXTURE(ServerFixture, "nonces of an earlier run are refused") {
  TestClient client(*this);
  client.join(worker());
  restart();
  CHECK(problem_of(client.post(client.kid, "{}")) == "badNonce");
  CHECK(client.post(client.kid, "{}").status == 200);
}

TEST_CASE_FIXTURE(ServerFixture, "alg: none and HMAC with a public key are refused, and the known algorithms named") {
  TestClient client(*this);
  client.join(worker());
  const auto with_header = [&](const std::string& algorithm, std::size_t signature_bytes) {
    const Json header{{"alg", algorithm}, {"nonce", client.fresh_nonce()}, {"url", client.kid}, {"kid", client.kid}};
    const Json jws{{"protected", to_base64url(as_bytes(header.dump()))},
                   {"payload", ""},
                   {"signature", to_base64url(Bytes(signature_bytes, 1))}};
    return send(net::Method::post, client.kid, jws.dump());
  };
  for (const auto& answer : {with_header("none", 0), with_header("HS256", 32), with_header("EdDSA", 64),
                             with_header("RS256", 256), with_header("ES384", 96)}) {
    CHECK(problem_of(answer) == "badSignatureAlgorithm");
    CHECK(body_of(answer)["algorithms"] == Json{"RS256", "ES256", "ES384"});
  }
  CHECK(problem_of(with_header("ES256", 64)) == "malformed");
}

TEST_CASE_FIXTURE(ServerFixture, "the url of the header is that of the request") {
  TestClient client(*this);
  client.join(worker());
  for (const std::string& url :
       {std::string(kBase) + "/acme/new-order", client.kid + "/", std::string("http://ca.example"),
        "https://forged.example" + client.kid.substr(std::string_view(kBase).size())}) {
    const auto answer = client.post(client.kid, "{}", [&](Json& header) { header["url"] = url; });
    CHECK(problem_of(answer) == "unauthorized");
    CHECK(answer.status == 403);
  }
  CHECK(problem_of(client.post(client.kid, "{}", [](Json& header) { header.erase("url"); })) == "malformed");
}

TEST_CASE_FIXTURE(ServerFixture, "either jwk or kid, as the resource wants") {
  TestClient client(*this);
  client.join(worker());
  CHECK(problem_of(client.post(client.kid, "", [&](Json& header) { header["jwk"] = client.jwk(); })) == "malformed");
  CHECK(problem_of(client.post(client.kid, "", [](Json& header) { header.erase("kid"); })) == "malformed");
  CHECK(problem_of(client.post(kAnyAccount, "{}")) == "malformed");
  const auto with_jwk = [&](Json& header) {
    header.erase("kid");
    header["jwk"] = client.jwk();
  };
  CHECK(problem_of(client.post(kNewOrder, "{}", with_jwk)) == "malformed");
}

TEST_CASE_FIXTURE(ServerFixture, "an account that is not here does not exist") {
  TestClient client(*this);
  client.join(worker());
  for (const std::string& kid : {client.kid + "x", std::string(kBase) + "/acme/acct/", std::string("1"),
                                 std::string("https://other.example/acme/acct/1")}) {
    CHECK(problem_of(client.post(client.kid, "", [&](Json& header) { header["kid"] = kid; })) == "accountDoesNotExist");
  }
}

TEST_CASE_FIXTURE(ServerFixture, "another account's kid does not help") {
  TestClient one(*this), two(*this);
  one.join(worker("worker-1"));
  two.join(worker("worker-2"));
  CHECK(problem_of(two.post(one.kid, "", [&](Json& header) { header["kid"] = one.kid; })) == "malformed");
  CHECK(problem_of(two.post(one.kid, "")) == "unauthorized");
}

TEST_CASE_FIXTURE(ServerFixture, "keys of other kinds are bad") {
  TestClient client(*this);
  const auto answer = client.post(kAnyAccount, "{}", [](Json& header) {
    header["jwk"] = {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}};
  });
  CHECK(problem_of(answer) == "badPublicKey");
}

TEST_CASE_FIXTURE(ServerFixture, "RS256 and ES384 accounts work as ES256 ones do") {
  for (const auto type : {crypto::KeyType::rsa_2048, crypto::KeyType::ecdsa_p384}) {
    TestClient client(*this, crypto::generate_key(type).value());
    client.join(worker());
    CHECK(client.obtain({dns("worker-1")}).starts_with("-----BEGIN CERTIFICATE-----"));
  }
}

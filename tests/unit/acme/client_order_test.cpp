#include "acme/client_order.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace p2p;
using namespace p2p::acme;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kNow{784111777s};  // Sun, 06 Nov 1994 08:49:37 GMT

pki::SubjectName name(const char* text) { return pki::parse_subject_name(text).value(); }

net::Answer answer(const Json& body, const char* retry_after = nullptr) {
  net::Answer out;
  out.status = 200;
  out.body = body.dump();
  if (retry_after != nullptr) out.headers.add("Retry-After", retry_after);
  return out;
}

Json order(const char* status, const Json& authorizations) {
  Json out = {{"status", status}, {"authorizations", authorizations}, {"finalize", "https://ca/order/1/finalize"}};
  if (std::string_view(status) == "valid") out["certificate"] = "https://ca/certificate/1";
  return out;
}

net::Answer new_order(const Json& body) {
  net::Answer out = answer(body);
  out.status = 201;
  out.headers.add("Location", "https://ca/order/1");
  return out;
}

Json authorization(const char* status, const std::string& identifier, const std::string& token,
                   const char* challenge = "pending") {
  const bool is_ip = identifier.find_first_not_of("0123456789.:") == std::string::npos;
  return {{"status", status},
          {"identifier", {{"type", is_ip ? "ip" : "dns"}, {"value", identifier}}},
          {"challenges",
           {{{"type", "dns-01"}, {"url", "https://ca/other"}, {"status", "pending"}, {"token", "other"}},
            {{"type", "http-01"}, {"url", "https://ca/challenge/" + token}, {"status", challenge}, {"token", token}}}}};
}

/// The machine, asserting what it wants as it goes.
struct Run {
  explicit Run(const std::string& replaces = {})
      : machine({{name("a.example"), name("192.0.2.1")}, to_bytes("request"), replaces}, "thumb") {}
  Ask ask() {
    OrderStep step = machine.next();
    REQUIRE(std::holds_alternative<Ask>(step));
    return std::get<Ask>(step);
  }
  /// It asks for this address; that is the answer.
  void exchange(const std::string& url, const net::Answer& with) {
    CHECK(ask().url == url);
    machine.receive(with, kNow);
  }
  std::chrono::milliseconds pause() {
    OrderStep step = machine.next();
    REQUIRE(std::holds_alternative<Pause>(step));
    return std::get<Pause>(step).length;
  }
  Serve serve() {
    OrderStep step = machine.next();
    REQUIRE(std::holds_alternative<Serve>(step));
    return std::get<Serve>(step);
  }
  ClientFailure failure() {
    OrderStep step = machine.next();
    REQUIRE(std::holds_alternative<ClientFailure>(step));
    return std::get<ClientFailure>(step);
  }
  std::string chain() {
    OrderStep step = machine.next();
    REQUIRE(std::holds_alternative<Obtained>(step));
    return std::get<Obtained>(step).chain_pem;
  }
  void refuse(const char* type, Errc kind) {
    ask();
    machine.receive(ClientFailure{Error(kind, "why"), type, {}}, kNow);
  }
  void to_finalize() { machine.receive(new_order(order("ready", Json::array())), kNow); }

  OrderMachine machine;
};

const Json kTwo = {"https://ca/authorization/1", "https://ca/authorization/2"};

}  // namespace

TEST_CASE("a whole order: identifiers shuffled, one proven already, a challenge, a slow server") {
  Run run("aki.serial");
  const Ask first = run.ask();
  CHECK(first.where == Ask::Where::new_order);
  CHECK(Json::parse(first.payload) ==
        Json::parse(R"({"identifiers":[{"type":"dns","value":"a.example"},{"type":"ip","value":"192.0.2.1"}],
                        "replaces":"aki.serial"})"));
  run.machine.receive(new_order(order("pending", kTwo)), kNow);

  run.exchange("https://ca/authorization/1", answer(authorization("valid", "192.0.2.1", "t1", "valid")));
  run.exchange("https://ca/authorization/2", answer(authorization("pending", "A.Example", "t2")));
  // The answer must be there before the server is told to look.
  const Serve serve = run.serve();
  CHECK(serve.token == "t2");
  CHECK(serve.key_authorization == "t2.thumb");
  const Ask ready = run.ask();
  CHECK(ready.url == "https://ca/challenge/t2");
  CHECK(ready.payload == "{}");
  run.machine.receive(answer(authorization("pending", "a.example", "t2")["challenges"][1]), kNow);

  CHECK(run.pause() > 0ms);
  run.exchange("https://ca/authorization/2", answer(authorization("pending", "a.example", "t2", "processing"), "3"));
  CHECK(run.pause() == 3s);
  run.exchange("https://ca/authorization/2",
               answer(authorization("pending", "a.example", "t2"), "Sun, 06 Nov 1994 08:49:42 GMT"));
  CHECK(run.pause() == 5s);
  run.exchange("https://ca/authorization/2", answer(authorization("valid", "a.example", "t2", "valid")));

  run.exchange("https://ca/order/1", answer(order("pending", kTwo)));
  CHECK(run.pause() > 0ms);
  run.exchange("https://ca/order/1", answer(order("ready", kTwo)));
  const Ask finalize = run.ask();
  CHECK(finalize.url == "https://ca/order/1/finalize");
  CHECK(Json::parse(finalize.payload) == Json{{"csr", "cmVxdWVzdA"}});  // printf request | base64
  run.machine.receive(answer(order("processing", kTwo)), kNow);
  CHECK(run.pause() > 0ms);
  run.exchange("https://ca/order/1", answer(order("valid", kTwo)));
  net::Answer chain;
  chain.body = "PEM";
  run.exchange("https://ca/certificate/1", chain);
  CHECK(run.chain() == "PEM");
}

TEST_CASE("a server that trusts its invitation: ready at once, valid at finalize") {
  Run run;
  CHECK_FALSE(Json::parse(run.ask().payload).contains("replaces"));
  run.to_finalize();
  run.exchange("https://ca/order/1/finalize", answer(order("valid", Json::array())));
  CHECK(run.ask().url == "https://ca/certificate/1");
}

TEST_CASE("a challenge that the server is checking already is served and not posted again") {
  Run run;
  run.ask();
  run.machine.receive(new_order(order("pending", {"https://ca/authorization/1"})), kNow);
  run.exchange("https://ca/authorization/1", answer(authorization("pending", "a.example", "t1", "processing")));
  CHECK(run.serve().token == "t1");
  CHECK(run.pause() > 0ms);
  CHECK(run.ask().url == "https://ca/authorization/1");
}

TEST_CASE("a failed challenge ends the order with what the server said") {
  Run run;
  run.ask();
  run.machine.receive(new_order(order("pending", {"https://ca/authorization/1"})), kNow);
  Json failed = authorization("invalid", "a.example", "t1", "invalid");
  failed["challenges"][1]["error"] = {{"type", "urn:ietf:params:acme:error:connection"}, {"detail", "refused"}};
  run.exchange("https://ca/authorization/1", answer(failed));
  CHECK(run.failure().error.context == "a.example: the authorization is invalid: connection: refused");
  CHECK(run.failure().error.kind() == Errc::not_permitted);
}

TEST_CASE("of several names all that fail are told, so that the next order does without them") {
  Run run;
  run.ask();
  const std::vector<std::string> urls{"https://ca/authorization/1", "https://ca/authorization/2",
                                      "https://ca/authorization/3"};
  run.machine.receive(new_order(order("pending", urls)), kNow);
  run.exchange(urls[0], answer(authorization("invalid", "a.example", "t1", "invalid")));
  run.exchange(urls[1], answer(authorization("valid", "a.example", "t2", "valid")));
  run.exchange(urls[2], answer(authorization("invalid", "192.0.2.1", "t3", "invalid")));
  CHECK(run.failure().names ==
        std::vector{pki::parse_subject_name("a.example").value(), pki::parse_subject_name("192.0.2.1").value()});
}

TEST_CASE("what was not ordered is not proven") {
  Run run;
  run.ask();
  run.machine.receive(new_order(order("pending", {"https://ca/authorization/1"})), kNow);
  run.exchange("https://ca/authorization/1", answer(authorization("pending", "b.example", "t1")));
  CHECK(run.failure().error.kind() == Errc::damaged);
}

TEST_CASE("no http-01 is unsupported") {
  Run run;
  run.ask();
  run.machine.receive(new_order(order("pending", {"https://ca/authorization/1"})), kNow);
  Json other = authorization("pending", "a.example", "t1");
  other["challenges"].erase(1);
  run.exchange("https://ca/authorization/1", answer(other));
  CHECK(run.failure().error.kind() == Errc::unsupported);
}

TEST_CASE("an order that fails, or is nowhere, or valid without certificate") {
  Run failed;
  failed.ask();
  failed.to_finalize();
  Json invalid = order("invalid", Json::array());
  invalid["error"] = {{"type", "urn:ietf:params:acme:error:badCSR"}, {"detail", "weak key"}};
  failed.exchange("https://ca/order/1/finalize", answer(invalid));
  CHECK(failed.failure().error.context == "https://ca/order/1: the order is invalid: badCSR: weak key");
  Run nowhere;
  nowhere.ask();
  nowhere.machine.receive(answer(order("ready", Json::array())), kNow);
  CHECK(nowhere.failure().error.kind() == Errc::damaged);
  Run empty;
  empty.ask();
  Json valid = order("valid", Json::array());
  valid.erase("certificate");
  empty.machine.receive(new_order(valid), kNow);
  CHECK(empty.failure().error.kind() == Errc::damaged);
}

TEST_CASE("a predecessor that was replaced already is not named again") {
  Run run("aki.serial");
  SUBCASE("as another took its place") { run.refuse("alreadyReplaced", Errc::exists); }
  SUBCASE("as it is another account's") { run.refuse("malformed", Errc::invalid); }
  CHECK_FALSE(Json::parse(run.ask().payload).contains("replaces"));
  run.refuse("alreadyReplaced", Errc::exists);
  CHECK(run.failure().problem == "alreadyReplaced");
}

TEST_CASE("a finalize whose answer was lost is not an error") {
  Run run;
  run.ask();
  run.to_finalize();
  run.refuse("orderNotReady", Errc::failed);
  CHECK(run.pause() > 0ms);
  run.exchange("https://ca/order/1", answer(order("valid", Json::array())));
  CHECK(run.ask().url == "https://ca/certificate/1");
}

TEST_CASE("a refusal is the end, and keeps when to come back") {
  Run run;
  run.ask();
  run.machine.receive(ClientFailure{Error(Errc::limited, "why"), "rateLimited", 3600s}, kNow);
  CHECK(run.failure().retry_after == 3600s);
}

TEST_CASE("a server that never comes to an end is given up, and one that says much later is asked each minute") {
  Run run;
  run.ask();
  run.to_finalize();
  run.exchange("https://ca/order/1/finalize", answer(order("processing", Json::array()), "86400"));
  CHECK(run.pause() == 60s);
  std::chrono::milliseconds longest{0};
  for (unsigned polls = 0;; ++polls) {
    REQUIRE(polls < 1000);
    run.exchange("https://ca/order/1", answer(order("ready", Json::array())));
    const OrderStep step = run.machine.next();
    if (const auto* failure = std::get_if<ClientFailure>(&step)) {
      CHECK(failure->error.kind() == Errc::timeout);
      break;
    }
    longest = std::max(longest, std::get<Pause>(step).length);
  }
  CHECK(longest == 5s);
}

#include "acme/messages.hpp"

#include <doctest/doctest.h>

using namespace p2p;
using namespace p2p::acme;

namespace {

std::string contact(const std::string& text) { return Json{{"contact", {text}}}.dump(); }
std::string revocation(const Json& reason) { return Json{{"certificate", "AQID"}, {"reason", reason}}.dump(); }
Json dns(const std::string& name) { return {{"type", "dns"}, {"value", name}}; }

}  // namespace

TEST_CASE("a payload is one JSON object") {
  for (const char* payload : {"", "[]", "7", "{", "{}{}", R"({"a":1,"a":2})"}) {
    CHECK(read_new_account(payload).error().type == ProblemType::malformed);
    CHECK(read_account_update(payload).error().type == ProblemType::malformed);
    CHECK(read_new_order(payload).error().type == ProblemType::malformed);
    CHECK(read_finalize(payload).error().type == ProblemType::malformed);
    CHECK(read_revocation(payload).error().type == ProblemType::malformed);
    CHECK(read_key_change(payload).error().type == ProblemType::malformed);
    CHECK(read_deactivation(payload).error().type == ProblemType::malformed);
  }
}

TEST_CASE("contacts") {
  CHECK(read_new_account("{}").value().contact.empty());
  CHECK(read_new_account(contact("mailto:a@b.example")).value().contact.front() == "mailto:a@b.example");
  CHECK(read_new_account(contact("tel:+1")).error().type == ProblemType::unsupported_contact);
  for (const char* bad :
       {"mailto:", "mailto:a", "mailto:@b", "mailto:a@", "mailto:a@b,c@d", "mailto:a@b?subject=x", "mailto:a@b\n"}) {
    CHECK_MESSAGE(read_new_account(contact(bad)).error().type == ProblemType::invalid_contact, bad);
  }
  const Json many{{"contact", std::vector<std::string>(11, "mailto:a@b")}};
  CHECK(read_new_account(many.dump()).error().type == ProblemType::malformed);
  CHECK(read_new_account(contact("mailto:a@" + std::string(400, 'b'))).error().type == ProblemType::malformed);
  CHECK(read_new_account(R"({"contact":"mailto:a@b"})").error().type == ProblemType::malformed);
  CHECK(read_new_account(R"({"onlyReturnExisting":"yes"})").error().type == ProblemType::malformed);
}

TEST_CASE("an update of an account") {
  const auto nothing = read_account_update("{}").value();
  CHECK_FALSE(nothing.contact.has_value());
  CHECK_FALSE(nothing.deactivate);
  CHECK(read_account_update(R"({"status":"deactivated"})").value().deactivate);
  CHECK(read_account_update(R"({"status":"revoked"})").error().type == ProblemType::malformed);
  CHECK(read_account_update(R"({"contact":[]})").value().contact.value().empty());
}

TEST_CASE("an order's identifiers") {
  const auto order = read_new_order(Json{{"identifiers", {dns("a.example"), dns("b.example")}}}.dump()).value();
  REQUIRE(order.identifiers.size() == 2);
  CHECK(order.identifiers[1].text == "b.example");
  CHECK(read_new_order(R"({"identifiers":[]})").error().type == ProblemType::malformed);
  CHECK(read_new_order("{}").error().type == ProblemType::malformed);
  CHECK(read_new_order(Json{{"identifiers", {dns("a"), dns("A")}}}.dump()).error().type == ProblemType::malformed);
  CHECK(read_new_order(Json{{"identifiers", {dns("a")}}, {"notAfter", "2030-01-01T00:00:00Z"}}.dump()).error().type ==
        ProblemType::malformed);
  Json many = Json::array();
  for (std::size_t i = 0; i <= kMaxIdentifiers; ++i) many.push_back(dns("n" + std::to_string(i)));
  CHECK(read_new_order(Json{{"identifiers", many}}.dump()).error().type == ProblemType::malformed);
}

TEST_CASE("DER is canonical base64url") {
  CHECK(read_finalize(R"({"csr":"AQID"})").value() == Bytes{1, 2, 3});
  for (const char* bad : {R"({"csr":"AQI="})", R"({"csr":"AQ+D"})", R"({"csr":7})", "{}"}) {
    CHECK(read_finalize(bad).error().type == ProblemType::malformed);
  }
  CHECK(read_finalize(Json{{"csr", std::string(kMaxDerBytes * 2, 'A')}}.dump()).error().type == ProblemType::malformed);
}

TEST_CASE("reasons of revocation") {
  for (const int reason : {0, 1, 3, 4, 5, 9}) CHECK(read_revocation(revocation(reason)).value().reason == reason);
  CHECK(read_revocation(R"({"certificate":"AQID"})").value().reason == 0);
  for (const Json& bad :
       {Json(2), Json(6), Json(7), Json(8), Json(10), Json(-1), Json("1"), Json(1.5), Json(std::uint64_t{1} << 40)}) {
    CHECK(read_revocation(revocation(bad)).error().type == ProblemType::bad_revocation_reason);
  }
}

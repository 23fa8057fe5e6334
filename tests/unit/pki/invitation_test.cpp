#include "pki/invitation.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace p2p;

namespace {

pki::Invitation sample() {
  return {.coordinators = {"main.example:8001", "[2001:db8::1]:8001"},
          .ca_fingerprint = Bytes(32, 0xab),
          .kid = "AAECAwQFBgcICQoLDA0ODw",
          .hmac_key = Bytes(32, 0x11),
          .name = "worker-2",
          .role = pki::Role::worker,
          .expires_at = WallTime{std::chrono::seconds{1'800'000'000}},
          .cluster_name = "shop"};
}

/// An invitation of this JSON.
std::string of(const std::string& json) { return "p2p-invite-1." + to_base64url(as_bytes(json)); }

Json sample_json() {
  const std::string text = pki::write_invitation(sample());
  return *parse_json(as_text(*from_base64url(std::string_view(text).substr(13))));
}

}  // namespace

TEST_CASE("an invitation is what it says, and comes back from its text") {
  const Json json = sample_json();
  CHECK(json == Json{{"c", {"main.example:8001", "[2001:db8::1]:8001"}},
                     {"f", "abababababababababababababababababababababababababababababababab"},
                     {"k", "AAECAwQFBgcICQoLDA0ODw"},
                     {"h", "ERERERERERERERERERERERERERERERERERERERERERE"},
                     {"n", "worker-2"},
                     {"r", "worker"},
                     {"x", 1800000000},
                     {"u", "shop"}});
  const auto read = pki::parse_invitation(" " + pki::write_invitation(sample()) + "\n");
  REQUIRE_MESSAGE(read.has_value(), read.error().context);
  CHECK(*read == sample());
  auto web = sample();
  web.role.reset();
  CHECK(*pki::parse_invitation(pki::write_invitation(web)) == web);
}

TEST_CASE("members of later versions are passed over, another format is not") {
  Json more = sample_json();
  more["z"] = Json::array({1, 2});
  CHECK(*pki::parse_invitation(of(more.dump())) == sample());
  CHECK(pki::parse_invitation("p2p-invite-2.e30").error().kind() == Errc::unsupported);
}

TEST_CASE("what is cut or wrong is refused without being quoted") {
  const std::string good = pki::write_invitation(sample());
  const auto refused = [](const std::string& text) {
    const auto read = pki::parse_invitation(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().context.find("ERERER") == std::string::npos);
    return read.error().kind();
  };
  CHECK(refused("") == Errc::invalid);
  CHECK(refused("hello") == Errc::invalid);
  for (std::size_t length = 1; length < good.size(); length += 7)
    CHECK_FALSE(pki::parse_invitation(good.substr(0, length)).has_value());
  CHECK(refused(good + "A") == Errc::invalid);
  CHECK(refused(std::string(pki::kMaxInvitationBytes + 1, 'A')) == Errc::too_large);
  CHECK(refused(of("[]")) == Errc::invalid);
  CHECK(refused(of(std::string(200, '[') + std::string(200, ']'))) == Errc::invalid);
  const std::pair<const char*, Json> wrong[] = {{"c", "main:8001"},
                                                {"c", Json::array({1})},
                                                {"c", Json::array({"a\nb"})},
                                                {"f", "abab"},
                                                {"f", nullptr},
                                                {"h", "ERER"},
                                                {"k", ""},
                                                {"k", std::string(65, 'A')},
                                                {"n", "../x"},
                                                {"r", "king"},
                                                {"r", 1},
                                                {"x", -1},
                                                {"x", 1e30},
                                                {"x", 18446744073709551615U},
                                                {"u", "a b"}};
  for (const auto& [member, value] : wrong) {
    Json changed = sample_json();
    changed[member] = value;
    CAPTURE(changed.dump());
    CHECK(refused(of(changed.dump())) == Errc::invalid);
  }
  for (const char* member : {"c", "f", "k", "h", "n", "x", "u"}) {
    Json without = sample_json();
    without.erase(member);
    CHECK(refused(of(without.dump())) == Errc::invalid);
  }
}

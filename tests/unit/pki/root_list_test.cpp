// The list of roots that the CA's keys sign.
#include "pki/root_list.hpp"

#include "base/json.hpp"
#include "home.hpp"

using namespace p2p;
using test::take;

namespace {

pki::Roots roots_of(const std::vector<pki::Certificate>& certificates) {
  std::string pem;
  for (const auto& certificate : certificates) pem += certificate.pem();
  return take(pki::Roots::from_pem(pem, "roots"));
}

std::string with(const std::string& text, const char* key, Json value) {
  Json document = take(parse_json(text));
  document[key] = std::move(value);
  return dump_json(document);
}

}  // namespace

TEST_CASE("a list of roots is believed by whoever trusts one of the keys that signed it, and by nobody else") {
  std::vector<pki::Authority> authorities;
  authorities.push_back(test::make_authority("shop"));
  authorities.push_back(test::make_authority("shop", crypto::KeyType::ed25519));
  const std::vector<pki::Certificate> listed{authorities[0].certificate(), authorities[1].certificate()};
  const auto stranger = test::make_authority("shop");
  const std::string text = take(pki::sign_root_list(7, listed, authorities));
  for (const auto& authority : authorities) {
    const auto list = take(pki::read_root_list(text, roots_of({authority.certificate()}), "shop"));
    CHECK(list.version == 7);
    CHECK(list.pem == listed[0].pem() + listed[1].pem());
    CHECK(list.roots.certificates().size() == 2);
  }
  const auto trusted = roots_of({listed[0]});
  const auto fails_as = [](const std::string& candidate, const pki::Roots& roots, const char* cluster = "shop") {
    return pki::read_root_list(candidate, roots, cluster).error().kind();
  };
  CHECK(fails_as(text, roots_of({stranger.certificate()})) == Errc::not_permitted);
  CHECK(fails_as(text, trusted, "other") == Errc::not_permitted);
  CHECK(fails_as(with(text, "version", 8), trusted) == Errc::not_permitted);
  CHECK(fails_as(with(text, "roots", stranger.certificate().pem()), trusted) == Errc::not_permitted);
  CHECK(fails_as(with(text, "signatures", Json::array()), trusted) == Errc::not_permitted);
  CHECK(fails_as(with(text, "version", 0), trusted) == Errc::damaged);
  CHECK(fails_as(with(text, "signatures", 1), trusted) == Errc::damaged);
  CHECK(fails_as("{", trusted) == Errc::damaged);
  CHECK(fails_as(std::string(pki::kMaxRootListBytes + 1, ' '), trusted) == Errc::too_large);
  // A stranger may put its own signature in the place of a trusted one's.
  Json forged = take(parse_json(take(pki::sign_root_list(9, {stranger.certificate()}, std::span(&stranger, 1)))));
  forged["signatures"][0]["key_id"] = to_hex(listed[0].facts().subject_key_id);
  CHECK(fails_as(dump_json(forged), trusted) == Errc::not_permitted);
}

TEST_CASE("even a trusted key signs no root of another cluster, no leaf, and nothing around the certificates") {
  const auto authority = test::make_authority("shop");
  const auto trusted = roots_of({authority.certificate()});
  const auto error_of = [&](const std::vector<pki::Certificate>& listed) {
    const auto text = take(pki::sign_root_list(1, listed, std::span(&authority, 1)));
    return pki::read_root_list(text, trusted, "shop").error().kind();
  };
  CHECK(error_of({authority.certificate(), test::make_authority("other").certificate()}) == Errc::damaged);
  CHECK(error_of({test::issue(authority, {.name = "worker-1"}).certificate}) == Errc::invalid);
  CHECK(error_of({}) == Errc::damaged);
  CHECK(error_of(std::vector<pki::Certificate>(pki::kMaxListedRoots + 1, authority.certificate())) == Errc::too_large);
}

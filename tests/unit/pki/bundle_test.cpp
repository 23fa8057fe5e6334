#include "pki/bundle.hpp"

#include <doctest/doctest.h>

#include "fleet.hpp"

using namespace p2p;

namespace {

struct Made {
  pki::Authority authority = test::make_authority("shop");
  test::Leaf leaf = test::issue(authority, {.role = pki::Role::operator_, .name = "alice"});
  std::string text;

  Made() {
    const pki::Bundle bundle{*leaf.certificate.identity(), leaf.certificate.pem(), crypto::Secret(leaf.key_pem()),
                             authority.certificate().pem()};
    text = std::string(pki::write_bundle(bundle)->view());
  }
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("a bundle comes back as it was, also after a journey through CR LF") {
  const Made made;
  CHECK(made.text.starts_with("# p2p bundle 1\n# cluster: shop\n# name: alice\n# role: operator\n-----BEGIN CERT"));
  std::string windows = made.text;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) windows.insert(at, "\r");
  for (const auto& text : {made.text, windows}) {
    const auto bundle = pki::parse_bundle(text, test::now(), "file");
    REQUIRE_MESSAGE(bundle.has_value(), bundle.error().context);
    CHECK(bundle->identity == pki::Identity{"shop", pki::Role::operator_, "alice"});
    CHECK(bundle->certificate_pem == made.leaf.certificate.pem());
    CHECK(bundle->key_pem.view() == made.leaf.key_pem());
    CHECK(bundle->ca_pem == made.authority.certificate().pem());
  }
}

TEST_CASE("openssl reads certificate and key out of a bundle") {
  const test::TemporaryFolder folder;
  const Made made;
  const std::string file = folder.put("bundle", made.text);
  CHECK(test::openssl("verify -CAfile " + folder.put("ca.pem", made.authority.certificate().pem()) + " " + file)
            .exit_code == 0);
  CHECK(test::openssl("x509 -noout -pubkey -in " + file).output == test::openssl("pkey -pubout -in " + file).output);
}

TEST_CASE("a bundle that was cut or changed is refused") {
  const Made made;
  const auto kind = [](const std::string& text, WallTime at) {
    return pki::parse_bundle(text, at, "file").error().kind();
  };
  const WallTime at = test::now();
  CHECK(kind("", at) == Errc::damaged);
  CHECK(kind(made.text.substr(0, 40), at) == Errc::damaged);
  CHECK(kind(made.text.substr(0, made.text.size() - 30), at) == Errc::damaged);
  CHECK(kind(made.text.substr(0, made.text.size() - made.authority.certificate().pem().size()), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, "bundle 1", "bundle 2"), at) == Errc::unsupported);
  CHECK(kind(replaced(made.text, "# name: alice", "# name: bob"), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, "# role: operator", "# role: root"), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, "# cluster: shop\n", ""), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, made.leaf.key_pem(), ""), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, made.leaf.key_pem(), Made().leaf.key_pem()), at) == Errc::damaged);
  CHECK(kind(replaced(made.text, made.authority.certificate().pem(), Made().authority.certificate().pem()), at) ==
        Errc::damaged);
  CHECK(kind(made.text, at + std::chrono::days{366}) == Errc::damaged);
  CHECK(kind(made.text + std::string(pki::kMaxBundleBytes, '\n'), at) == Errc::too_large);
}

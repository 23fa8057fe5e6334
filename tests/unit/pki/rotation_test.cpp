// One CA key takes the place of another.
#include "home.hpp"
#include "pki/root_list.hpp"

using namespace p2p;
using std::chrono::days;
using test::take;

namespace {

constexpr days kLife = pki::kAuthorityLifetime;

bool verifies(const test::AuthorityHome& home, const pki::Certificate& certificate, const std::string& more = "") {
  return test::openssl("verify -x509_strict -CAfile " + home.paths.certificate.string() + " " + more + " " +
                       home.folder.put("leaf.pem", certificate.pem()))
             .exit_code == 0;
}

const Bytes& key_id(const pki::Certificate& root) { return root.facts().subject_key_id; }

}  // namespace

TEST_CASE("a rotation: both are trusted, then the new key signs, then the old root goes") {
  const test::AuthorityHome home;
  auto authority = home.make({.cluster_name = "shop", .permitted = {.dns_subtrees = {"shop.example"}}});
  auto other = home.open();
  const auto old_root = take(authority.roots()).certificates().front();
  const auto before = home.issue(authority, {.name = "worker-1"});

  const auto new_root = take(authority.make_successor(crypto::KeyType::rsa_2048, kLife, home.act));
  CHECK(new_root.facts().permitted == old_root.facts().permitted);
  CHECK(new_root.facts().key_type == "rsa-2048");
  auto roots = take(other.roots()).certificates();
  REQUIRE(roots.size() == 2);
  CHECK(key_id(roots[0]) == key_id(old_root));
  const auto between = home.issue(other, {.name = "worker-2"});
  CHECK(between.facts().issuer_key_id == key_id(old_root));
  CHECK(authority.make_successor(crypto::KeyType::ecdsa_p256, kLife, home.act).error().kind() == Errc::exists);
  CHECK(authority.retire_predecessor(true, home.act).error().kind() == Errc::not_found);

  CHECK(key_id(take(authority.activate_successor(home.act))) == key_id(new_root));
  roots = take(other.roots()).certificates();
  REQUIRE(roots.size() == 2);
  CHECK(key_id(roots[0]) == key_id(new_root));
  const auto after = home.issue(other, {.name = "worker-3"});
  CHECK(after.facts().issuer_key_id == key_id(new_root));
  CHECK(authority.activate_successor(home.act).error().kind() == Errc::not_found);
  for (const auto* leaf : {&before, &between, &after}) CHECK(verifies(home, *leaf));

  SUBCASE("each root has a list of its own meanwhile") {
    take(authority.revoke_name("worker-1", {}, home.act));
    take(authority.revoke_name("worker-3", {}, home.act));
    const auto crl = take(authority.current_crl(home.act));
    const auto lists = take(pki::read_crls(crl.pem, take(authority.roots()), "crl"));
    REQUIRE(lists.size() == 2);
    for (const auto& list : lists) REQUIRE(list.revoked.size() == 1);
    CHECK(lists[0].revoked[0].serial == after.facts().serial);
    CHECK(lists[1].revoked[0].serial == before.facts().serial);
    const std::string check = "-crl_check -CRLfile " + home.paths.crl.string();
    CHECK_FALSE(verifies(home, before, check));
    CHECK_FALSE(verifies(home, after, check));
    CHECK(verifies(home, between, check));
  }
  SUBCASE("what was renewed by the new root keeps nobody waiting, whatever is left of its time") {
    home.issue(authority, {.name = "worker-1"});
    CHECK(take(other.outdated_certificates(home.act.at)).size() == 1);
    // Another role is another identity.
    home.issue(authority, {.role = pki::Role::coordinator, .name = "worker-2"});
    CHECK(authority.retire_predecessor(false, home.act).error().kind() == Errc::not_permitted);
    home.issue(authority, {.name = "worker-2"});
    take(authority.retire_predecessor(false, home.act));
  }
  SUBCASE("each step tells the fleet of its roots, in words that a node trusts by what it had before") {
    const auto listed = [&](const std::vector<pki::Certificate>& trusted) {
      std::string pem;
      for (const auto& root : trusted) pem += root.pem();
      const auto text = take(read_file(home.paths.roots, pki::kMaxRootListBytes));
      return take(pki::read_root_list(text, take(pki::Roots::from_pem(pem, "roots")), "shop"));
    };
    const auto active = listed({old_root, new_root});
    CHECK(active.pem == new_root.pem() + old_root.pem());
    take(authority.retire_predecessor(true, home.act));
    CHECK(listed({new_root}).pem == new_root.pem());
    CHECK(listed({old_root}).pem == new_root.pem());
    CHECK(listed({old_root}).version > active.version);
  }
  SUBCASE("the old root stays while what it signed is valid") {
    const auto refused = authority.retire_predecessor(false, home.act);
    CHECK(refused.error().kind() == Errc::not_permitted);
    CHECK(refused.error().context.find("2 certificates that the old root signed are in use") != std::string::npos);
    take(authority.revoke_name("worker-1", {}, home.act));
    CHECK(authority.retire_predecessor(false, home.later(days{364})).error().kind() == Errc::not_permitted);
    take(authority.retire_predecessor(false, home.later(days{366})));
    CHECK(take(other.roots()).certificates().size() == 1);
    CHECK_FALSE(verifies(home, before));
    CHECK(verifies(home, after));
    CHECK_FALSE(std::filesystem::exists(home.paths.old_key));
    CHECK_FALSE(std::filesystem::exists(home.paths.next_key));
    CHECK(take(authority.audit({})).findings.empty());
    CHECK(authority.make_successor(crypto::KeyType::ecdsa_p256, kLife, home.act).has_value());
  }
}

TEST_CASE("a retired root that somebody puts back into the file is damage, not a successor") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const std::string old_root = take(read_file(home.paths.certificate, pki::kMaxCertificatePemBytes));
  take(authority.make_successor(crypto::KeyType::ecdsa_p256, kLife, home.act));
  take(authority.activate_successor(home.act));
  take(authority.retire_predecessor(true, home.act));
  const std::string new_root = take(read_file(home.paths.certificate, pki::kMaxCertificatePemBytes));
  take(write_file(home.paths.certificate, new_root + old_root, kPublicMode));
  CHECK(pki::IssuingAuthority::open(home.paths, home.act).error().kind() == Errc::damaged);
  take(write_file(home.paths.certificate, new_root, kPublicMode));
  CHECK(take(home.open().audit({})).findings.empty());
}

TEST_CASE("a step that was cut off before it was recorded leaves a CA that opens and can go on") {
  const test::AuthorityHome home;
  auto authority = home.make();
  take(authority.make_successor(crypto::KeyType::ecdsa_p256, kLife, home.act));
  take(authority.current_crl(home.act));
  SUBCASE("activate, all files written, the event not") {
    const auto copy = home.folder.path() / "copy.db";
    take(home.database().copy_to(copy));
    take(authority.activate_successor(home.act));
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(home.paths.inventory.string() + suffix);
    std::filesystem::rename(copy, home.paths.inventory);
    auto again = home.open();
    CHECK(take(again.audit({})).findings.empty());
    const auto leaf = home.issue(again, {.name = "a"});
    CHECK(key_id(take(again.roots()).certificates().front()) == leaf.facts().issuer_key_id);
    CHECK(again.activate_successor(home.act).error().kind() == Errc::not_found);
    take(again.retire_predecessor(false, home.act));
  }
  SUBCASE("activate, only the keys written") {
    // ca_key.pem is the new key already, ca_old_key.pem the old one; the certificates are in the old order.
    const auto old_key = take(read_file(home.paths.key, 10'000));
    REQUIRE(write_file(home.paths.old_key, old_key, kSecretMode).has_value());
    REQUIRE(write_file(home.paths.key, take(read_file(home.paths.next_key, 10'000)), kSecretMode).has_value());
    auto again = home.open();
    CHECK(verifies(home, home.issue(again, {.name = "a"})));
    take(again.activate_successor(home.act));
    CHECK(verifies(home, home.issue(again, {.name = "b"})));
    CHECK(take(again.audit({})).findings.empty());
  }
}

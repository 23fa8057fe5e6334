#include "pki/issuing_authority.hpp"

#include <sys/stat.h>

#include <thread>

#include "base/rfc3339.hpp"
#include "crypto/kdf.hpp"
#include "home.hpp"

using namespace p2p;
using std::chrono::hours, std::chrono::seconds, std::chrono::days;
using test::take;

namespace {

pki::SubjectName name(std::string_view text) { return *pki::parse_subject_name(text); }

test::Outcome check(const test::AuthorityHome& home, const pki::Certificate& certificate) {
  return test::openssl("verify -x509_strict -crl_check -CAfile " + home.paths.certificate.string() + " -CRLfile " +
                       home.paths.crl.string() + " " + home.folder.put("leaf.pem", certificate.pem()));
}

}  // namespace

TEST_CASE("what is signed is in the inventory, with who and when, and openssl accepts it") {
  const test::AuthorityHome home;
  auto authority = home.make({.cluster_name = "shop"});
  const auto leaf = home.issue(authority, {.name = "worker-1", .extra_names = {name("10.0.0.7")}});
  const auto found = take(authority.find(leaf.facts().issuer_key_id, leaf.facts().serial));
  CHECK(found.name == "worker-1");
  CHECK(found.role == pki::Role::worker);
  CHECK(found.issued_by == "tester@here");
  CHECK(found.issued_at == home.act.at);
  CHECK(found.not_after == leaf.facts().not_after);
  CHECK(found.der == leaf.der());
  CHECK_FALSE(found.revoked.has_value());
  take(authority.current_crl(home.act));
  const auto judged = check(home, leaf);
  CHECK_MESSAGE(judged.exit_code == 0, judged.output);
  CHECK(authority.find(leaf.facts().issuer_key_id, Bytes{1}).error().kind() == Errc::not_found);
  CHECK(authority.find(Bytes{1}, leaf.facts().serial).error().kind() == Errc::not_found);
  Bytes padded = leaf.facts().serial;
  padded.insert(padded.begin(), 0);
  CHECK(authority.find(leaf.facts().issuer_key_id, padded).has_value());
}

TEST_CASE("a certificate without role is for servers only and has the asked names and no URI") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto web =
      home.issue(authority, {.role = std::nullopt, .name = "shop-web", .extra_names = {name("www.example")}});
  CHECK(web.facts().dns_names == std::vector<std::string>{"www.example"});
  CHECK(web.facts().common_name == "www.example");
  CHECK(web.facts().uris.empty());
  CHECK(web.facts().ip_addresses.empty());
  CHECK(web.facts().for_servers);
  CHECK_FALSE(web.facts().for_clients);
  take(authority.current_crl(home.act));
  CHECK(check(home, web).exit_code == 0);
  const auto named = home.issue(authority, {.role = std::nullopt, .name = "www.shop.example"});
  CHECK(named.facts().dns_names == std::vector<std::string>{"www.shop.example"});
}

TEST_CASE("revoking a name revokes its certificates and invitations, and the list tells so to openssl") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto first = home.issue(authority, {.name = "worker-1"});
  const auto second = home.issue(authority, {.name = "worker-1"});
  const auto other = home.issue(authority, {.name = "worker-2"});
  const auto invitation = take(authority.invite({.name = "worker-1"}, home.act));
  const auto used = take(authority.invite({.name = "worker-1", .ttl = seconds{5}}, home.act));
  take(authority.redeem(used.kid, "account", home.act));
  const auto before = take(authority.current_crl(home.act));
  const auto act = home.later(seconds{10});
  CHECK(take(authority.revoke_name("worker-1", pki::RevocationReason::key_compromise, act)).certificates.size() == 2);
  const auto after = take(authority.current_crl(act));
  CHECK(after.number > before.number);
  for (const auto* bad : {&first, &second})
    CHECK(check(home, *bad).output.find("certificate revoked") != std::string::npos);
  CHECK(check(home, other).exit_code == 0);
  CHECK(authority.redeem(invitation.kid, "account", act).error().kind() == Errc::not_permitted);
  CHECK(authority.invitation_of(used.kid, "account").error().kind() == Errc::not_permitted);
  const auto again = take(authority.revoke_name("worker-1", {}, home.later(hours{1})));
  CHECK(again.is_repeated);
  REQUIRE(again.certificates.size() == 2);
  CHECK(again.certificates.front().revoked->at == act.at);
  CHECK(again.certificates.front().revoked->reason == pki::RevocationReason::key_compromise);
  CHECK(authority.revoke_name("worker-9", {}, act).error().kind() == Errc::not_found);
  const auto record = take(authority.find(first.facts().issuer_key_id, first.facts().serial));
  CHECK(record.revoked->reason == pki::RevocationReason::key_compromise);
  CHECK(record.revoked->at == act.at);
}

TEST_CASE("one certificate is revoked alone; a foreign one is not") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto leaf = home.issue(authority, {.name = "worker-1"});
  take(authority.revoke(leaf, pki::RevocationReason::superseded, home.act));
  take(authority.revoke(leaf, pki::RevocationReason::key_compromise, home.act));
  CHECK(take(authority.find(leaf.facts().issuer_key_id, leaf.facts().serial)).revoked->reason ==
        pki::RevocationReason::superseded);
  const auto foreign = test::issue(test::make_authority(), {.name = "worker-1"});
  CHECK(authority.revoke(foreign.certificate, {}, home.act).error().kind() == Errc::not_found);

  // Signed with a copy of the key, behind the inventory's back.
  const auto copy = take(pki::open_authorities(home.paths));
  const auto secret = test::issue(copy.active(), {.name = "ghost"});
  CHECK_FALSE(take(authority.has(secret.certificate)));
  take(authority.revoke(secret.certificate, {}, home.act));
  take(authority.current_crl(home.act));
  CHECK(check(home, secret.certificate).output.find("certificate revoked") != std::string::npos);
}

TEST_CASE("a key of which a certificate was revoked as compromised is signed no more, in no process") {
  const test::AuthorityHome home;
  auto authority = home.make();
  auto other = home.open();
  const auto key = take(crypto::generate_key(crypto::KeyType::ecdsa_p256));
  const auto first = take(authority.issue({.name = "worker-1"}, *key, home.act));
  const auto second = take(authority.issue({.name = "worker-1"}, *key, home.act));
  take(authority.revoke(second, pki::RevocationReason::superseded, home.act));
  CHECK(other.issue({.name = "worker-1"}, *key, home.act).has_value());
  take(authority.revoke(first, pki::RevocationReason::key_compromise, home.act));
  for (auto* one : {&authority, &other}) {
    CHECK(one->issue({.name = "worker-2"}, *key, home.act).error().kind() == Errc::unsupported);
  }
  home.issue(other, {.name = "worker-1"});
}

TEST_CASE("the list is signed anew when something changed or half its time is over, else not; its number only rises") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto first = take(authority.current_crl(home.act));
  CHECK(first.next_update == home.act.at + pki::kCrlLifetime);
  CHECK(take(authority.current_crl(home.later(hours{83}))).pem == first.pem);
  const auto second = take(authority.current_crl(home.later(hours{84})));
  CHECK(second.number > first.number);
  CHECK(second.next_update == home.act.at + hours{84} + pki::kCrlLifetime);
  // The clock went back, and another process signs.
  (void)home.issue(authority, {.name = "w"});
  take(authority.revoke_name("w", {}, home.act));
  auto other = home.open();
  const auto third = take(other.current_crl(home.act));
  CHECK(third.number > second.number);
  CHECK(take(authority.current_crl(home.act)).pem == third.pem);
  CHECK(*read_file(home.paths.crl, pki::kMaxCrlBytes) == third.pem);
  REQUIRE(write_file(home.paths.crl, "gone", kPublicMode).has_value());
  CHECK(take(authority.current_crl(home.act)).number == third.number);
  CHECK(*read_file(home.paths.crl, pki::kMaxCrlBytes) == third.pem);
}

TEST_CASE("what the file revokes stays revoked when the inventory is lost") {
  const test::AuthorityHome home;
  auto first = home.make();
  const auto leaf = home.issue(first, {.name = "w"});
  take(first.revoke_name("w", {}, home.act));
  const auto list = take(first.current_crl(home.act));
  std::filesystem::remove(home.paths.inventory);
  std::filesystem::remove(home.paths.inventory.string() + "-wal");
  std::filesystem::remove(home.paths.inventory.string() + "-shm");
  auto authority = home.open();
  CHECK(take(authority.current_crl(home.later(hours{1}))).number > list.number);
  CHECK(check(home, leaf).output.find("certificate revoked") != std::string::npos);
}

TEST_CASE("a list in the file that is newer than a restored inventory is passed, not repeated") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto newest = take(authority.current_crl(home.later(days{300})));
  std::filesystem::remove(home.paths.inventory);
  std::filesystem::remove(home.paths.inventory.string() + "-wal");
  std::filesystem::remove(home.paths.inventory.string() + "-shm");
  CHECK(take(home.open().current_crl(home.act)).number > newest.number);
}

TEST_CASE("what can still be redeemed is listed by name: not what is used up, expired or revoked") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto once = take(authority.invite({.name = "worker-2"}, home.act));
  const auto twice = take(authority.invite({.name = "worker-1", .uses = 2}, home.act));
  const auto short_lived = take(authority.invite({.name = "worker-3", .ttl = hours{1}}, home.act));
  const auto taken_back = take(authority.invite({.name = "worker-4"}, home.act));
  take(authority.revoke_invitation(taken_back.kid, home.act));
  const auto kids = [&](hours later) {
    std::vector<std::string> out;
    for (const auto& one : take(authority.redeemable_invitations(home.later(later).at))) out.push_back(one.kid);
    return out;
  };
  CHECK(kids(hours{0}) == std::vector{twice.kid, once.kid, short_lived.kid});
  CHECK(kids(hours{1}) == std::vector{twice.kid, once.kid});
  take(authority.redeem(once.kid, "first", home.act));
  take(authority.redeem(twice.kid, "first", home.act));
  CHECK(kids(hours{1}) == std::vector{twice.kid});
  CHECK(take(authority.redeemable_invitations(home.act.at)).front().used == 1);
}

TEST_CASE("an invitation has one use by default, which the same account may repeat") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto made = take(authority.invite({.name = "worker-2", .names = {name("10.0.0.9")}}, home.act));
  const auto roots = take(authority.roots());
  const auto& fingerprint = roots.certificates().front().facts().sha256;
  CHECK(made.ca_fingerprint == Bytes(fingerprint.begin(), fingerprint.end()));
  CHECK(made.expires_at == home.act.at + hours{24});
  const auto grant = take(authority.redeem(made.kid, "first", home.act));
  CHECK(grant.name == "worker-2");
  CHECK(grant.role == pki::Role::worker);
  CHECK(grant.names == std::vector{name("10.0.0.9")});
  CHECK(authority.redeem(made.kid, "second", home.act).error().context == "the invitation was used already");
  CHECK(authority.redeem(made.kid, "first", home.later(days{2})).has_value());
  CHECK(take(authority.find_invitation(made.kid)).used == 1);
  CHECK(authority.invitation_of(made.kid, "first").has_value());
  CHECK(authority.invitation_of(made.kid, "second").error().kind() == Errc::not_permitted);
  CHECK(authority.redeem("nokid", "first", home.act).error().kind() == Errc::not_permitted);

  const auto several = take(authority.invite({.name = "web", .role = std::nullopt, .uses = 2}, home.act));
  CHECK(authority.redeem(several.kid, "a", home.act).has_value());
  CHECK(authority.redeem(several.kid, "b", home.later(hours{24})).error().context ==
        "the invitation expired at " + format_rfc3339(several.expires_at, 0));
  CHECK(authority.redeem(several.kid, "b", home.later(hours{23})).has_value());
  CHECK(authority.redeem(several.kid, "c", home.act).error().context ==
        "the invitation was used already by all 2 machines");
  take(authority.revoke_invitation(several.kid, home.act));
  CHECK(authority.redeem(several.kid, "a", home.act).error().context == "the invitation was revoked");
}

TEST_CASE("neither kid nor key of an invitation looks like an option to the clients that they are given to") {
  const test::AuthorityHome home;
  auto authority = home.make();
  for (int i = 0; i < 300; ++i) {
    const auto made = take(authority.invite({.name = "worker-1"}, home.act));
    REQUIRE_FALSE(made.kid.starts_with('-'));
    REQUIRE_FALSE(to_base64url(made.hmac_key).starts_with('-'));
  }
}

TEST_CASE("the account key of an invitation is derived from the secret and its kid, and is nowhere on disk") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto made = take(authority.invite({.name = "worker-2"}, home.act));
  struct stat status {};
  REQUIRE(::stat(home.paths.eab_secret.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto secret = take(from_hex(take(read_file(home.paths.eab_secret, 100))));
  CHECK(secret.size() == 32);
  const auto key = take(crypto::hkdf(secret, "p2p-eab/1 " + made.kid, 32));
  CHECK(to_bytes(key.view()) == made.hmac_key);
  take(authority.revoke_invitation(made.kid, home.act));
  CHECK(take(authority.eab_key(made.kid)).view() == key.view());
  CHECK(authority.eab_key("nokid").error().kind() == Errc::not_found);
  for (const auto& entry : std::filesystem::directory_iterator(home.paths.inventory.parent_path())) {
    const auto content = take(read_file(entry.path(), 10'000'000));
    CHECK(content.find(std::string(key.view())) == std::string::npos);
    CHECK(content.find(to_base64url(made.hmac_key)) == std::string::npos);
  }
}

TEST_CASE("invitations that make no sense are refused") {
  const test::AuthorityHome home;
  auto authority = home.make({.permitted = {.dns_subtrees = {"shop.example"}}});
  const auto kind = [&](const pki::InvitationRequest& request) {
    return authority.invite(request, home.act).error().kind();
  };
  CHECK(kind({.name = "a b"}) == Errc::invalid);
  CHECK(kind({.name = "a", .ttl = seconds{0}}) == Errc::invalid);
  CHECK(kind({.name = "a", .uses = 0}) == Errc::invalid);
  CHECK(kind({.name = "a", .names = {name("www.example")}}) == Errc::invalid);
  CHECK(home.number("SELECT count(*) FROM invitations") == 0);
}

TEST_CASE("loopback and other nodes' names are reserved") {
  const test::AuthorityHome home;
  auto authority = home.make();
  (void)home.issue(authority, {.name = "worker-1", .extra_names = {name("a.example")}});
  (void)home.issue(authority, {.name = "gone"});
  take(authority.revoke_name("gone", {}, home.act));
  const auto reserved = [&](const char* subject, const char* by) {
    return take(authority.is_reserved(name(subject), by, home.act.at));
  };
  for (const char* subject : {"localhost", "x.LocalHost", "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::"}) {
    CAPTURE(subject);
    CHECK(reserved(subject, "worker-1"));
  }
  CHECK(reserved("worker-1", "worker-2"));
  CHECK(reserved("WORKER-1", "worker-2"));
  CHECK(reserved("a.example", "worker-2"));
  CHECK_FALSE(reserved("a.example", "worker-1"));
  CHECK_FALSE(reserved("worker-1", "worker-1"));
  CHECK_FALSE(reserved("gone", "worker-2"));
  CHECK_FALSE(reserved("b.example", "worker-2"));
  CHECK_FALSE(reserved("10.0.0.1", "worker-2"));
}

TEST_CASE("names of open invitations are reserved for whom they invite, addresses are not") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto invite = [&](const char* who, std::vector<pki::SubjectName> names) {
    return take(authority.invite({.name = who, .names = std::move(names), .ttl = seconds{60}}, home.act)).kid;
  };
  const auto reserved = [&](const char* subject, const char* by, seconds later = {}) {
    return take(authority.is_reserved(name(subject), by, home.act.at + later));
  };
  const auto unused = invite("worker-1", {name("Shop.example"), name("10.0.0.7")});
  CHECK(reserved("worker-1", "worker-2"));
  CHECK(reserved("Worker-1", "worker-2"));
  CHECK(reserved("shop.example", "worker-2"));
  CHECK(reserved("SHOP.example", ""));
  CHECK_FALSE(reserved("shop.example", "worker-1"));
  CHECK_FALSE(reserved("10.0.0.7", "worker-2"));
  CHECK_FALSE(reserved("shop.example", "worker-2", seconds{60}));
  take(authority.revoke_invitation(unused, home.act));
  CHECK_FALSE(reserved("shop.example", "worker-2"));

  // Its account may have a certificate for the name at any time.
  const auto bound = invite("worker-3", {name("wiki.example")});
  take(authority.redeem(bound, "thumbprint", home.act));
  CHECK(reserved("wiki.example", "worker-2", seconds{60}));
  take(authority.revoke_name("worker-3", {}, home.act));
  CHECK_FALSE(reserved("wiki.example", "worker-2", seconds{60}));
}

TEST_CASE("a home of the version before gets an inventory with what is found in it") {
  const test::AuthorityHome home;
  const auto old = test::make_authority();
  const pki::CertificateFolder certs(home.paths.certificate.parent_path());
  REQUIRE(pki::write_pair(certs.files_of("ca"), old.certificate(), old.key(), false).has_value());
  const auto worker = test::issue(old, {.name = "worker-1"});
  REQUIRE(pki::write_pair(certs.files_of("worker-1"), worker.certificate, *worker.key, false).has_value());
  REQUIRE(pki::write_pair(certs.files_of("again"), worker.certificate, *worker.key, false).has_value());
  const auto foreign = test::issue(test::make_authority(), {.name = "foreign"});
  REQUIRE(pki::write_pair(certs.files_of("foreign"), foreign.certificate, *foreign.key, false).has_value());
  REQUIRE(write_file(certs.files_of("torn").certificate, "garbage", kPublicMode).has_value());
  auto authority = home.open();
  CHECK(take(authority.has(worker.certificate)));
  CHECK(take(authority.certificates({})).size() == 1);
  CHECK(take(authority.audit({})).findings.empty());
  CHECK(take(authority.revoke_name("worker-1", {}, home.act)).certificates.size() == 1);
}

TEST_CASE("a CA that replaces another retires its root; the inventory goes on") {
  const test::AuthorityHome home;
  auto old = home.make();
  const auto leaf = home.issue(old, {.name = "worker-1"});
  auto authority = home.make();
  CHECK(take(authority.roots()).certificates().size() == 1);
  CHECK(home.number("SELECT count(*) FROM roots WHERE state = 'retired'") == 1);
  CHECK(take(authority.has(leaf)));
  // Opened before: signs with the new key all the same.
  const auto next = home.issue(old, {.name = "worker-2"});
  CHECK(take(authority.roots()).issuer_of(next) != nullptr);
  CHECK(take(authority.audit({})).findings.empty());
}

TEST_CASE("several threads and connections work on one CA") {
  const test::AuthorityHome home;
  auto shared = home.make();
  const auto key = take(crypto::generate_key(crypto::KeyType::ecdsa_p256));
  std::atomic<int> failed = 0;
  const auto work = [&](pki::IssuingAuthority& authority, const std::string& node) {
    for (int i = 0; i < 5; ++i) {
      if (!authority.issue({.name = node}, *key, home.act)) ++failed;
      if (!authority.current_crl(home.act)) ++failed;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back([&, i] { work(shared, "shared-" + std::to_string(i)); });
  threads.emplace_back([&] {
    auto own = pki::IssuingAuthority::open(home.paths, home.act);
    if (own) work(*own, "own");
  });
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(home.number("SELECT count(*) FROM certificates") == 15);
  CHECK(take(shared.audit({})).findings.empty());
}

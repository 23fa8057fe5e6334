#include "pki/inventory.hpp"

#include "home.hpp"

using namespace p2p;

namespace {

/// A CA with some history: two certificates, one revoked, a list, an invitation that was used.
struct History : test::AuthorityHome {
  History() {
    auto authority = make();
    (void)issue(authority, {.name = "worker-1"});
    (void)issue(authority, {.name = "worker-2"});
    test::take(authority.revoke_name("worker-2", pki::RevocationReason::superseded, act));
    test::take(authority.current_crl(act));
    const auto invitation = test::take(authority.invite({.name = "worker-3"}, act));
    test::take(authority.redeem(invitation.kid, "thumb", act));
  }

  pki::AuditReport audit(ByteView head = {}) const { return test::take(open().audit(head)); }
  void damage(const std::string& sql) const { test::take(database().execute(sql)); }
  bool finds(const std::string& text) const {
    const auto report = audit();
    for (const auto& finding : report.findings) {
      if (finding.find(text) != std::string::npos) return true;
    }
    std::string all;
    for (const auto& finding : report.findings) all += finding + "\n";
    MESSAGE("found only: ", all);
    return false;
  }
};

}  // namespace

TEST_CASE("a history that nobody touched has no findings, and its earlier heads stay in it") {
  const History history;
  const auto first = history.audit();
  CHECK(first.findings.empty());
  CHECK(first.event_count == 8);  // root added, activated, two issued, revoked, crl, invited, redeemed
  auto authority = history.open();
  (void)history.issue(authority, {.name = "worker-4"});
  const auto second = history.audit(first.head);
  CHECK(second.findings.empty());
  CHECK(second.has_noted_head);
  CHECK(second.head != first.head);
  CHECK_FALSE(history.audit(Bytes(32, 1)).has_noted_head);
}

TEST_CASE("the hash of an event is the one that is documented") {
  const History history;
  const auto root = test::take(pki::Roots::from_pem(*read_file(history.paths.certificate, 10'000), "ca"));
  auto database = history.database();
  auto query = test::take(database.prepare("SELECT at, body, hash FROM journal WHERE seq = 1"));
  REQUIRE(test::take(query.step()));
  const auto number = [](std::uint64_t value) {
    std::string out;
    for (int i = 7; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
  };
  const auto counted = [&](const std::string& text) { return number(text.size()) + text; };
  const std::string text = std::string(32, '\0') + number(1) + number(static_cast<std::uint64_t>(query.integer(0))) +
                           counted("tester@here") + counted("root_added") + counted(std::string(query.text(1))) +
                           counted(to_text(root.certificates().front().der()));
  CHECK(to_hex(crypto::sha256(as_bytes(text))) == to_hex(query.blob(2)));
}

TEST_CASE("an event that was changed, taken out or put in is found, and where") {
  SUBCASE("changed") {
    const History history;
    history.damage("UPDATE journal SET who = 'nobody' WHERE seq = 4");
    CHECK(history.finds("event 4 (issued) was changed"));
    CHECK(history.audit().findings.size() == 1);
  }
  SUBCASE("its certificate replaced") {
    const History history;
    history.damage("UPDATE journal SET attachment = x'00' WHERE seq = 3");
    CHECK(history.finds("event 3 (issued) was changed"));
  }
  SUBCASE("taken out") {
    const History history;
    history.damage("DELETE FROM journal WHERE seq = 5");
    CHECK(history.finds("event 5 is missing"));
    CHECK(history.finds("event 6 (crl) was changed, or the one before it was"));
    CHECK(history.finds("certificates: row"));
  }
  SUBCASE("the last ones taken out, which only an earlier head shows") {
    const History history;
    const auto head = history.audit().head;
    history.damage("DELETE FROM journal WHERE seq = 8; DELETE FROM invitation_uses; UPDATE invitations SET used = 0");
    CHECK(history.audit().findings.empty());
    CHECK_FALSE(history.audit(head).has_noted_head);
  }
  SUBCASE("an event of no known kind") {
    const History history;
    history.damage("UPDATE journal SET kind = 'party' WHERE seq = 7");
    CHECK(history.finds("event 7 cannot have happened"));
  }
}

TEST_CASE("a table that does not follow from the journal is found") {
  const auto finds = [](const std::string& sql, const std::string& text) {
    const History history;
    history.damage(sql);
    CHECK(history.finds(text));
  };
  finds("UPDATE certificates SET revoked_at = NULL WHERE name = 'worker-2'", "was changed");
  finds("DELETE FROM certificates WHERE name = 'worker-1'", "is missing");
  finds(
      "INSERT INTO certificates SELECT issuer, 'ab', seq, 'ghost', role, 0, 1, sha256, NULL, NULL FROM certificates"
      " LIMIT 1",
      "certificates: row ab is not in the journal");
  finds("UPDATE invitations SET uses = 100", "invitations: row");
  finds("DELETE FROM invitation_uses", "invitation_uses: row");
  finds("UPDATE crl_text SET pem = ''", "the text of CRL");
  finds("UPDATE roots SET sha256 = 'ab'", "roots: row");
}

TEST_CASE("an inventory of a later version is refused, not changed") {
  const History history;
  history.damage("PRAGMA user_version = 99");
  const auto opened = pki::IssuingAuthority::open(history.paths, history.act);
  CHECK(opened.error().kind() == Errc::unsupported);
}

TEST_CASE("one request that cannot be granted leaves nothing of the others") {
  const test::AuthorityHome home;
  auto authority = home.make();
  const auto before = home.number("SELECT count(*) FROM journal");
  const auto key = test::take(crypto::generate_key(crypto::KeyType::ecdsa_p256));
  const pki::Order orders[] = {{{.name = "good"}, key.get()}, {{.name = "not good"}, key.get()}};
  CHECK(authority.issue(orders, home.act).error().kind() == Errc::invalid);
  CHECK(home.number("SELECT count(*) FROM journal") == before);
  CHECK(home.number("SELECT count(*) FROM certificates") == 0);
}

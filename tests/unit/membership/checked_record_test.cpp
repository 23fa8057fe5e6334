#include "membership/checked_record.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {
const WallTime kNow = after(milliseconds{0}).wall;
}

TEST_CASE("a record signed by its own node is taken, with the role of the certificate") {
  Checking checking;
  const auto signed_record = signed_by(coordinator("hub"), record_of("hub", 1));
  const auto checked = checking.checker.check(signed_record, kNow).value();
  CHECK(checked->role == pki::Role::coordinator);
  CHECK(checked->record == record_of("hub", 1));
  CHECK(checked->signed_record == signed_record);
  CHECK(checked->hash == sim::sha256(signed_record.record));
}

TEST_CASE("a record of another node is refused, and both names are said") {
  Checking checking;
  const auto result = checking.checker.check(signed_by(worker("mallory"), record_of("worker-1", 9)), kNow);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().kind() == Errc::not_permitted);
  CHECK(result.error().context == "record of worker-1: its certificate is of mallory");
}

TEST_CASE("operators and foreign clusters are no nodes") {
  Checking checking;
  CHECK(checking.checker.check(signed_by({kCluster, pki::Role::operator_, "alice"}, record_of("alice", 1)), kNow)
            .error()
            .kind() == Errc::not_permitted);
  CHECK(checking.checker.check(signed_by({"other", pki::Role::worker, "w"}, record_of("w", 1)), kNow).error().kind() ==
        Errc::not_permitted);
}

TEST_CASE("a record changed after signing, or signed for another cluster, is damaged") {
  Checking checking;
  auto changed = signed_by(worker("worker-1"), record_of("worker-1", 1));
  changed.record = encode_record(record_of("worker-1", 2));
  CHECK(checking.checker.check(changed, kNow).error().kind() == Errc::damaged);
  auto elsewhere = signed_by(worker("worker-1"), record_of("worker-1", 1));
  elsewhere.signature = sim::fake_signature(elsewhere.certificate, signed_text("other", elsewhere.record));
  CHECK(checking.checker.check(elsewhere, kNow).error().kind() == Errc::damaged);
}

TEST_CASE("signatures and certificates have a size limit") {
  Checking checking;
  auto record = signed_by(worker("worker-1"), record_of("worker-1", 1));
  record.signature.resize(1025);
  CHECK(checking.checker.check(record, kNow).error().kind() == Errc::too_large);
  record = signed_by(worker("worker-1"), record_of("worker-1", 1));
  record.certificate.resize(16 * 1024 + 1);
  CHECK(checking.checker.check(record, kNow).error().kind() == Errc::too_large);
  CHECK(checking.verifier.verified_count == 0);
}

TEST_CASE("a relayed record is verified once, until its check is an hour old or revocations change") {
  Checking checking;
  const auto record = signed_by(worker("worker-1"), record_of("worker-1", 1));
  const auto first = checking.checker.check(record, kNow).value();
  auto garbled = record;
  garbled.signature = {1, 2, 3};  // who relays it cannot make it worse
  CHECK(checking.checker.check(garbled, kNow).value() == first);
  CHECK(checking.verifier.verified_count == 1);
  CHECK(checking.checker.check(record, kNow + std::chrono::minutes{61}).has_value());
  CHECK(checking.verifier.verified_count == 2);
  checking.checker.forget_all();
  checking.verifier.revoked_name = "worker-1";
  CHECK(checking.checker.check(record, kNow).error().kind() == Errc::not_permitted);
}

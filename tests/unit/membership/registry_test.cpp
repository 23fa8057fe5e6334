#include "membership/registry.hpp"

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "membership/cluster_view.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;

namespace {

const Judgement kRules{seconds{30}, seconds{60}, seconds{60}, seconds{120}};

struct Fixture {
  Checking checking;
  Registry registry;

  explicit Fixture(bool lists_the_dead = false) : registry("self", lists_the_dead, kRules) {
    registry.put_self(checking.checked(record_of("self", 1)), after(seconds{0}));
  }
  CheckedRecordPtr record(const std::string& node_id, std::uint64_t incarnation, const std::string& version = "0.1.0",
                          RecordStatus status = RecordStatus::alive) {
    Record out = record_of(node_id, incarnation);
    out.version = version;
    out.status = status;
    return checking.checked(out);
  }
  MergeOutcome merge(const CheckedRecordPtr& record, seconds time, std::uint64_t heartbeat = 1) {
    return registry.merge(record, {heartbeat, {}}, after(time)).value();
  }
  void hear(std::uint64_t incarnation, std::uint64_t counter, seconds time, seconds age = {}) {
    const Heartbeat one{"worker-1", incarnation, counter, age};
    registry.hear({&one, 1}, after(time));
  }
  void judge(seconds time) { registry.judge(after(time)); }
  NodeStatus status() const {
    REQUIRE(registry.find("worker-1") != nullptr);
    return registry.find("worker-1")->status;
  }
  std::string version() const { return registry.find("worker-1")->checked->record.version; }
};

}  // namespace

TEST_CASE("a higher incarnation wins, whichever comes first") {
  Fixture f;
  CHECK(f.merge(f.record("worker-1", 2, "new"), seconds{1}) == MergeOutcome::added);
  CHECK(f.merge(f.record("worker-1", 1, "old"), seconds{2}) == MergeOutcome::older);
  CHECK(f.version() == "new");
  CHECK(f.merge(f.record("worker-1", 2, "new"), seconds{3}) == MergeOutcome::same);
  CHECK(f.merge(f.record("worker-1", 3, "newest"), seconds{4}) == MergeOutcome::replaced);
  CHECK(f.version() == "newest");
}

TEST_CASE("of two records with one incarnation the larger SHA-256 wins on every side, and a warning is said") {
  Fixture here, there;
  auto a = here.record("worker-1", 1, "a");
  auto b = here.record("worker-1", 1, "b");
  if (b->hash < a->hash) std::swap(a, b);
  here.merge(a, seconds{1});
  CHECK(here.merge(b, seconds{2}) == MergeOutcome::replaced);
  there.merge(b, seconds{1});
  CHECK(there.merge(a, seconds{2}) == MergeOutcome::older);
  CHECK(here.version() == there.version());
  CHECK(here.registry.buckets() == there.registry.buckets());
  bool warned = false;
  for (const auto& event : here.registry.take_events()) warned |= event.kind == EventKind::conflict;
  CHECK(warned);
}

TEST_CASE("silence makes a node suspected, then dead, at the configured times") {
  Fixture f;
  f.merge(f.record("worker-1", 1), seconds{0});
  CHECK(f.status() == NodeStatus::alive);
  f.judge(seconds{29});
  CHECK(f.status() == NodeStatus::alive);
  CHECK(f.registry.next_judgement() == after(seconds{30}).monotonic);
  f.judge(seconds{30});
  CHECK(f.status() == NodeStatus::suspected);
  f.judge(seconds{59});
  CHECK(f.status() == NodeStatus::suspected);
  f.judge(seconds{60});
  CHECK(f.status() == NodeStatus::dead);
}

TEST_CASE("a rise of heartbeat or incarnation keeps a node alive and brings it back") {
  Fixture f;
  f.merge(f.record("worker-1", 1), seconds{0});
  f.hear(1, 2, seconds{20});
  f.judge(seconds{49});
  CHECK(f.status() == NodeStatus::alive);
  f.hear(1, 2, seconds{49});  // no rise
  f.judge(seconds{50});
  CHECK(f.status() == NodeStatus::suspected);
  f.hear(1, 3, seconds{51});
  CHECK(f.status() == NodeStatus::alive);
  f.judge(seconds{120});
  CHECK(f.status() == NodeStatus::dead);
  f.merge(f.record("worker-1", 2), seconds{121});
  CHECK(f.status() == NodeStatus::alive);
}

TEST_CASE("a heartbeat of another incarnation does not count") {
  Fixture f;
  f.merge(f.record("worker-1", 2), seconds{0});
  f.hear(1, 900, seconds{29});
  f.hear(3, 900, seconds{29});
  f.judge(seconds{30});
  CHECK(f.status() == NodeStatus::suspected);
}

TEST_CASE("a heartbeat counts from when its owner raised it, so that late news revives nobody") {
  Fixture f;
  f.merge(f.record("worker-1", 1), seconds{0});
  f.hear(1, 2, seconds{25}, seconds{20});
  f.judge(seconds{35});
  CHECK(f.status() == NodeStatus::suspected);
  f.judge(seconds{65});
  CHECK(f.status() == NodeStatus::dead);
  f.hear(1, 3, seconds{70}, seconds{31});
  CHECK(f.status() == NodeStatus::dead);
  f.hear(1, 4, seconds{70}, seconds{5});
  CHECK(f.status() == NodeStatus::alive);
}

TEST_CASE("that a link broke and nobody answers is seen until the node is alive again, also of one suspected before") {
  Fixture f(true);
  const auto is_refused = [&] { return make_view(f.registry)->find("worker-1")->refused; };
  f.merge(f.record("worker-1", 1), seconds{0});
  f.judge(seconds{30});
  CHECK(f.status() == NodeStatus::suspected);
  CHECK_FALSE(is_refused());
  const auto before = f.registry.version();
  f.registry.mark_refused("worker-1", after(seconds{31}));
  CHECK(f.registry.version() > before);
  CHECK(is_refused());
  f.judge(seconds{200});
  CHECK(f.status() == NodeStatus::dead);
  CHECK(is_refused());
  f.hear(1, 9, seconds{210});
  CHECK(f.status() == NodeStatus::alive);
  CHECK_FALSE(is_refused());
}

TEST_CASE("a node without a sign of life begins as suspected and is not offered to others") {
  Fixture f;
  const BucketSums before = f.registry.buckets();
  f.merge(f.record("worker-1", 1), seconds{0}, 0);
  CHECK(f.status() == NodeStatus::suspected);
  CHECK(f.registry.buckets() == before);
  f.hear(1, 1, seconds{1});
  CHECK(f.status() == NodeStatus::alive);
  CHECK(f.registry.buckets() != before);
}

TEST_CASE("a refused dial back makes a node suspected at once, and news from before does not clear it") {
  Fixture f;
  f.merge(f.record("worker-1", 1), seconds{0});
  f.registry.mark_refused("worker-1", after(seconds{10}));
  CHECK(f.status() == NodeStatus::suspected);
  f.hear(1, 2, seconds{12}, seconds{3});
  CHECK(f.status() == NodeStatus::suspected);
  f.hear(1, 3, seconds{13}, seconds{1});
  CHECK(f.status() == NodeStatus::alive);
  f.registry.mark_refused("worker-1", after(seconds{20}));
  f.judge(seconds{71});
  CHECK(f.status() == NodeStatus::suspected);
  f.judge(seconds{72});  // twice the silence since the rise at 12
  CHECK(f.status() == NodeStatus::dead);
}

TEST_CASE("a worker forgets the dead, and only later news brings them back") {
  Fixture f;
  f.merge(f.record("worker-1", 5), seconds{0}, 10);
  f.judge(seconds{60});
  f.judge(seconds{179});
  CHECK(f.status() == NodeStatus::dead);
  f.judge(seconds{180});
  CHECK(f.registry.find("worker-1") == nullptr);
  CHECK(f.merge(f.record("worker-1", 4), seconds{181}, 99) == MergeOutcome::older);
  CHECK(f.merge(f.record("worker-1", 5), seconds{181}, 10) == MergeOutcome::older);
  CHECK(f.registry.find("worker-1") == nullptr);
  SUBCASE("a higher incarnation") { CHECK(f.merge(f.record("worker-1", 6), seconds{182}) == MergeOutcome::added); }
  SUBCASE("the same record, with a later heartbeat") {
    f.hear(5, 11, seconds{182});
    CHECK(f.merge(f.record("worker-1", 5), seconds{183}, 11) == MergeOutcome::added);
  }
  CHECK(f.status() == NodeStatus::alive);
}

TEST_CASE("a coordinator lists the dead until they are forgotten, without offering them") {
  Fixture f(true);
  const BucketSums empty = f.registry.buckets();
  f.merge(f.record("worker-1", 1), seconds{0});
  f.judge(seconds{60});
  f.judge(seconds{100'000});
  CHECK(f.status() == NodeStatus::dead);
  CHECK(f.registry.find("worker-1")->last_seen == after(seconds{0}).wall);
  CHECK(f.registry.buckets() == empty);
  CHECK(f.registry.forget("worker-1", false, after(seconds{100'001})));
  CHECK(f.registry.find("worker-1") == nullptr);
  CHECK_FALSE(f.registry.forget("worker-1", false, after(seconds{100'001})));
  CHECK_FALSE(f.registry.forget("self", false, after(seconds{100'001})));
}

TEST_CASE("a revoked name is forgotten together with its incarnation") {
  Fixture f(true);
  f.merge(f.record("worker-1", 7), seconds{0});
  CHECK(f.registry.forget("worker-1", true, after(seconds{1})));
  CHECK(f.merge(f.record("worker-1", 1), seconds{2}) == MergeOutcome::added);
}

TEST_CASE("a node that says goodbye has left, whatever heartbeats still come, and may return") {
  Fixture f;
  f.merge(f.record("worker-1", 1), seconds{0});
  f.merge(f.record("worker-1", 2, "0.1.0", RecordStatus::left), seconds{1});
  CHECK(f.status() == NodeStatus::left);
  f.hear(2, 50, seconds{2});
  CHECK(f.status() == NodeStatus::left);
  f.merge(f.record("worker-1", 3), seconds{3});
  CHECK(f.status() == NodeStatus::alive);
}

TEST_CASE("bucket sums depend on what is known, not on the order in which it came") {
  Fixture a, b;
  for (int i = 0; i < 500; ++i) a.merge(a.record("worker-" + std::to_string(i), 1), seconds{0});
  for (int i = 499; i >= 0; --i) {
    b.merge(b.record("worker-" + std::to_string(i), 1 + i % 3), seconds{0});
    if (i % 3 != 0) a.merge(a.record("worker-" + std::to_string(i), 1 + i % 3), seconds{1});
  }
  CHECK(a.registry.buckets() == b.registry.buckets());
  b.merge(b.record("worker-7", 9), seconds{1});
  CHECK(differing_buckets(a.registry.buckets(), b.registry.buckets()).count() == 1);
}

TEST_CASE("heartbeats in any order reach their nodes") {
  Fixture f;
  std::vector<Heartbeat> heartbeats;
  for (int i = 0; i < 50; ++i) {
    f.merge(f.record("worker-" + std::to_string(i), 1), seconds{0});
    heartbeats.push_back({"worker-" + std::to_string(49 - i), 1, 2, {}});
  }
  f.registry.hear(heartbeats, after(seconds{25}));
  f.judge(seconds{40});
  for (const auto& [node_id, node] : f.registry.nodes()) CHECK(node.status == NodeStatus::alive);
}

TEST_CASE("a claim to know this node's own heartbeat better than itself is told") {
  Fixture f;
  const Heartbeat own{"self", 1, 1, {}}, more{"self", 1, 2, {}}, other{"self", 9, 2, {}};
  CHECK_FALSE(f.registry.hear({&own, 1}, after(seconds{1})));
  CHECK(f.registry.hear({&more, 1}, after(seconds{1})));
  CHECK_FALSE(f.registry.hear({&other, 1}, after(seconds{1})));
}

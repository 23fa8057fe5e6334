#include "membership/bulletin.hpp"

#include <doctest/doctest.h>

#include "../../sim/world.hpp"
#include "fixture.hpp"
#include "membership/message_codec.hpp"

using namespace p2p;
using namespace p2p::membership;
using namespace p2p::test;
using sim::check_fake_bulletin;
using sim::fake_bulletin;

namespace {

const std::string kList = "crl:01";
constexpr std::size_t kLarge = 400'000;

CarriedBulletin carried_bulletin(const std::string& kind, std::uint64_t version, std::size_t padding = 0) {
  return {kind, std::make_shared<const Bytes>(fake_bulletin(kind, version, padding))};
}

std::uint64_t version_at(const Machine& machine, const std::string& kind = kList) {
  const auto held = machine.self.bulletin(kind);
  return held == nullptr ? 0 : held->version;
}

void publish(Machine& machine, std::uint64_t version, const std::string& kind = kList, std::size_t padding = 0) {
  CHECK(machine.self.publish(kind, fake_bulletin(kind, version, padding), after(seconds{1})).value());
}

std::vector<std::string> told(Machine& machine) {
  std::vector<std::string> out;
  for (const auto& bulletin : machine.self.take_actions().bulletins) {
    out.push_back(bulletin->kind + " " + std::to_string(bulletin->version));
  }
  return out;
}

}  // namespace

TEST_CASE("the newest genuine bulletin of a kind is held, and nothing else") {
  BulletinBoard board(check_fake_bulletin);
  CHECK(board.offer(carried_bulletin(kList, 2)).value()->version == 2);
  CHECK(board.offer(carried_bulletin(kList, 2)).value() == nullptr);
  CHECK(board.offer(carried_bulletin(kList, 1)).value() == nullptr);
  CHECK(board.offer(carried_bulletin(kList, 5)).value()->version == 5);
  CHECK(board.offer(carried_bulletin("roots", 1)).value()->version == 1);
  Bytes forged = fake_bulletin(kList, 9);
  forged[0] = '8';
  const auto refused = board.offer({kList, std::make_shared<const Bytes>(forged)});
  CHECK(refused.error().kind() == Errc::damaged);
  CHECK(refused.error().context == "bulletin crl:01: the signature is wrong");
  CHECK(board.lines() == BulletinLines{{kList, 5}, {"roots", 1}});
  CHECK(*board.find(kList)->content == fake_bulletin(kList, 5));
}

TEST_CASE("kinds and sizes past a limit are refused") {
  BulletinBoard board(check_fake_bulletin);
  for (std::size_t i = 0; i < kMaxBulletinKinds; ++i) {
    CHECK(board.offer(carried_bulletin("crl:" + std::to_string(i), 1)).has_value());
  }
  CHECK(board.offer(carried_bulletin("crl:one-more", 1)).error().kind() == Errc::too_large);
  CHECK(board.offer(carried_bulletin("crl:0", 2)).has_value());
  CHECK(board.offer(carried_bulletin("crl:0", 3, kMaxBulletinBytes)).error().kind() == Errc::too_large);
  for (const std::string kind : {"", "CRL", "crl 1", "crl/1", "crl\n"}) CHECK_FALSE(is_valid_kind(kind));
  CHECK(is_valid_kind(std::string(kMaxBulletinKindLength, 'a')));
  CHECK_FALSE(is_valid_kind(std::string(kMaxBulletinKindLength + 1, 'a')));
  CHECK(board.offer(carried_bulletin("no kind", 1)).error().kind() == Errc::invalid);
}

TEST_CASE("a kind that is of no use here is asked for once, until what is trusted changes") {
  BulletinBoard board(check_fake_bulletin);
  const BulletinLines theirs = {{"teleport", 7}};
  CHECK(board.lacking(theirs) == BulletinLines{{"teleport", 0}});
  CHECK(board.differing(theirs) == BulletinLines{{"teleport", 0}});
  CHECK(board.offer(carried_bulletin("teleport", 7)).error().kind() == Errc::unsupported);
  CHECK(board.lacking(theirs).empty());
  CHECK(board.differing(theirs).empty());
  board.recheck();
  CHECK(board.lacking(theirs).size() == 1);
}

TEST_CASE("what is no longer genuine is let go") {
  bool trusts_lists = true;
  BulletinBoard board([&](std::string_view kind, ByteView content) -> Result<std::uint64_t> {
    if (!trusts_lists && kind == kList) return Error(Errc::not_permitted, "its authority was retired");
    return check_fake_bulletin(kind, content);
  });
  CHECK(board.offer(carried_bulletin(kList, 3)).has_value());
  CHECK(board.offer(carried_bulletin("roots", 1)).has_value());
  CHECK(board.recheck().empty());
  trusts_lists = false;
  const auto fallen = board.recheck();
  REQUIRE(fallen.size() == 1);
  CHECK(fallen[0]->kind == kList);
  CHECK(board.lines() == BulletinLines{{"roots", 1}});
}

TEST_CASE("an exchange brings both sides to the newest of each kind, whoever begins it") {
  Machine hub(coordinator("hub")), node(worker("w"));
  publish(hub, 3);
  publish(hub, 1, "roots");
  publish(node, 2);
  publish(node, 7, "crl:02");
  SUBCASE("the coordinator asks") { exchange(hub, node, seconds{2}); }
  SUBCASE("the worker asks") { exchange(node, hub, seconds{2}); }
  for (const Machine* machine : {&hub, &node}) {
    CHECK(version_at(*machine) == 3);
    CHECK(version_at(*machine, "roots") == 1);
    CHECK(version_at(*machine, "crl:02") == 7);
  }
  CHECK(told(hub) == std::vector<std::string>{"crl:01 3", "roots 1", "crl:02 7"});
  CHECK(told(node) == std::vector<std::string>{"crl:01 2", "crl:02 7", "crl:01 3", "roots 1"});
  CHECK(exchange(node, hub, seconds{2}) == 1);  // nothing is left to say
}

TEST_CASE("large ones travel a page at a time") {
  Machine hub(coordinator("hub")), node(worker("w"));
  exchange(node, hub, seconds{2});  // the records of both are known
  for (const std::string kind : {"crl:1", "crl:2", "crl:3"}) publish(hub, 4, kind, kLarge);
  publish(hub, 1, "crl:4", kMaxBulletinBytes - 100);
  SUBCASE("fetched") { CHECK(exchange(node, hub, seconds{2}) == 5); }
  SUBCASE("brought") { CHECK(exchange(hub, node, seconds{2}) == 5); }
  for (const std::string kind : {"crl:1", "crl:2", "crl:3"}) CHECK(version_at(node, kind) == 4);
  CHECK(version_at(node, "crl:4") == 1);
}

TEST_CASE("news goes over every link at once, save the one that it came from") {
  Machine hub(coordinator("hub"));
  for (const char* name : {"w1", "w2", "w3"}) hub.self.link_up(name, after(seconds{0}));
  hub.self.take_actions();
  publish(hub, 1);
  Actions actions = hub.self.take_actions();
  CHECK(actions.save_state);
  REQUIRE(actions.pushes.size() == 1);
  CHECK(actions.pushes[0].links == std::vector<std::string>{"w1", "w2", "w3"});
  Machine node(worker("w1"));
  REQUIRE(node.self.receive_push(coordinator("hub"), *actions.pushes[0].message, after(seconds{1})).has_value());
  CHECK(version_at(node) == 1);
  CHECK(told(node) == std::vector<std::string>{"crl:01 1"});
  // From a worker that had it from elsewhere.
  const PushMessage push{{}, {}, {{kList, 2}}, {carried_bulletin(kList, 2)}};
  REQUIRE(hub.self.receive_push(worker("w2"), push, after(seconds{2})).has_value());
  actions = hub.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(actions.pushes[0].links == std::vector<std::string>{"w1", "w3"});
  REQUIRE(hub.self.receive_push(worker("w3"), push, after(seconds{2})).has_value());
  CHECK(hub.self.take_actions().pushes.empty());
  CHECK_FALSE(hub.self.publish(kList, fake_bulletin(kList, 2), after(seconds{3})).value());
}

TEST_CASE("a large one is announced over the links, and who lacks it asks within a moment") {
  Machine hub(coordinator("hub")), node(worker("w"));
  hub.self.link_up("w", after(seconds{0}));
  hub.self.take_actions();
  node.run_until(seconds{1});
  node.self.take_actions();
  publish(hub, 1, kList, kMaxPushedBulletinBytes);
  const Actions actions = hub.self.take_actions();
  REQUIRE(actions.pushes.size() == 1);
  CHECK(encode_message(*actions.pushes[0].message).size() < 200);
  REQUIRE(node.self.receive_push(coordinator("hub"), *actions.pushes[0].message, after(seconds{1})).has_value());
  node.run_until(milliseconds{1500});
  const auto targets = node.self.take_actions().exchanges;
  REQUIRE_FALSE(targets.empty());
  CHECK(targets[0].addresses == Machine::settings().coordinator_addresses);
}

TEST_CASE("a forged or unknown bulletin changes nothing and goes nowhere") {
  Machine hub(coordinator("hub"));
  hub.self.link_up("w1", after(seconds{0}));
  publish(hub, 4);
  hub.self.take_actions();
  Bytes forged = fake_bulletin(kList, 9);
  forged.back() ^= 1;
  const PushMessage push{{}, {}, {{kList, 9}}, {{kList, std::make_shared<const Bytes>(forged)}}};
  REQUIRE(hub.self.receive_push(worker("w2"), push, after(seconds{1})).has_value());
  Actions actions = hub.self.take_actions();
  CHECK(actions.pushes.empty());
  CHECK(actions.bulletins.empty());
  CHECK(has_event(actions, EventKind::refused, "hub"));
  CHECK(version_at(hub) == 4);
  CHECK_FALSE(hub.self.publish("teleport", to_bytes("?"), after(seconds{2})).has_value());
  // What it says of itself counts, not the number beside it.
  const PushMessage older{{}, {}, {{kList, 99}}, {carried_bulletin(kList, 3)}};
  REQUIRE(hub.self.receive_push(worker("w2"), older, after(seconds{3})).has_value());
  CHECK(version_at(hub) == 4);
}

TEST_CASE("bulletins survive a restart, and the owner is told of them") {
  Machine before(worker("w"));
  publish(before, 6);
  SavedState saved = decode_state(encode_state(before.self.saved_state(), "w"), "w").state;
  saved.bulletins.push_back({"roots", std::make_shared<const Bytes>(to_bytes("nonsense"))});
  Machine node(worker("w"), saved);
  const Actions actions = node.self.take_actions();
  REQUIRE(actions.bulletins.size() == 1);
  CHECK(actions.bulletins[0]->version == 6);
  CHECK(has_event(actions, EventKind::refused, "w"));
  CHECK(version_at(node) == 6);
  CHECK(version_at(node, "roots") == 0);
}

TEST_CASE("a bulletin reaches a hundred nodes on a network that loses a fifth") {
  sim::WorldSettings settings;
  settings.membership = sim::brisk_settings();
  sim::World world(settings);
  for (int i = 0; i < world.count(); ++i) world.start(i);
  world.run_until(seconds{20});
  std::size_t padding = 0;
  SUBCASE("small: over the links, at once") {}
  SUBCASE("large: fetched") { padding = 2 * kMaxPushedBulletinBytes; }
  world.publish(0, kList, padding);
  world.run_until(padding == 0 ? seconds{21} : seconds{30});
  int held = 0;
  for (int i = 0; i < world.count(); ++i) held += world.machine(i).bulletin(kList) != nullptr;
  CHECK(held == world.count());
  CHECK(world.violation() == std::nullopt);
}

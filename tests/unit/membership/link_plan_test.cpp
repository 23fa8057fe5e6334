// The clock is moved by hand; half a chance is a pause of exactly its length.
#include "membership/link_plan.hpp"

#include <doctest/doctest.h>

namespace p2p::membership {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const Monotonic kPlanStart{1000s};
const Texts kAll{"192.168.1.50:8001", "10.8.0.1:8001"};

LinkPlan linked_from(const std::string& own_address, Monotonic now = kPlanStart) {
  LinkPlan out;
  out.begin(kAll);
  out.dialled(own_address, now);
  return out;
}

}  // namespace

TEST_CASE("the first dial is at once, and then not before something happens") {
  LinkPlan plan;
  CHECK(plan.next_dial() <= kPlanStart);
  const auto dial = plan.begin(kAll);
  CHECK(dial.addresses == kAll);
  CHECK_FALSE(dial.moves);
  plan.dialled("192.168.1.100", kPlanStart);
  CHECK(plan.next_dial() == Monotonic::max());
}

TEST_CASE("pauses double from 100 ms to 5 s, and begin anew after a link that lasted") {
  LinkPlan plan;
  Monotonic now = kPlanStart;
  for (const auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms}) {
    plan.begin(kAll);
    plan.dial_failed(now, 0.5);
    CHECK(plan.next_dial() == now + pause);
    now = plan.next_dial();
  }
  plan.dialled("a", now);
  plan.link_ended(now + 5s, 0.5);
  CHECK(plan.next_dial() == now + 5s + 5s);
  plan.dialled("a", now + 20s);
  plan.link_ended(now + 40s, 0.5);
  CHECK(plan.next_dial() == now + 40s + 100ms);
}

TEST_CASE("a fleet does not dial in step: a pause is its length, a fifth less or more") {
  LinkPlan soon, late;
  soon.dial_failed(kPlanStart, 0.0);
  late.dial_failed(kPlanStart, 1.0);
  CHECK(soon.next_dial() == kPlanStart + 80ms);
  CHECK(late.next_dial() == kPlanStart + 120ms);
}

TEST_CASE("a change of the ways ends a pause, and shortens those of the next second") {
  LinkPlan plan;
  for (int i = 0; i < 7; ++i) plan.dial_failed(kPlanStart, 0.5);
  CHECK(plan.ways_changed(kPlanStart + 1ms));
  CHECK(plan.next_dial() == kPlanStart + 1ms);
  plan.dial_failed(kPlanStart + 500ms, 0.5);
  CHECK(plan.next_dial() == kPlanStart + 520ms);
  plan.dial_failed(kPlanStart + 2s, 0.5);
  CHECK(plan.next_dial() == kPlanStart + 7s);
  // A link that works is not dialled anew.
  LinkPlan linked = linked_from("a");
  CHECK_FALSE(linked.ways_changed(kPlanStart + 1s));
  CHECK(linked.next_dial() == Monotonic::max());
  linked.link_ended(kPlanStart + 1500ms, 0.5);
  CHECK(linked.next_dial() == kPlanStart + 1520ms);
}

TEST_CASE("a link moves to a better way, unless it comes from there") {
  LinkPlan plan = linked_from("10.8.0.5");
  plan.move("10.8.0.5", {"10.8.0.1:8001"}, kPlanStart + 1s);
  CHECK(plan.next_dial() == Monotonic::max());
  plan.move("192.168.1.100", {"192.168.1.50:8001"}, kPlanStart + 1s);
  CHECK(plan.next_dial() == kPlanStart + 1s);
  const auto dial = plan.begin(kAll);
  CHECK(dial.moves);
  CHECK(dial.addresses == Texts{"192.168.1.50:8001"});
  plan.dialled("192.168.1.100", kPlanStart + 2s);
  CHECK(plan.next_dial() == Monotonic::max());
}

TEST_CASE("a move that fails is tried again, until it succeeds from wherever or another is wanted") {
  LinkPlan plan = linked_from("10.8.0.5");
  plan.move("192.168.1.100", {"192.168.1.50:8001"}, kPlanStart + 20s);
  plan.begin(kAll);
  plan.dial_failed(kPlanStart + 21s, 0.5);
  CHECK(plan.next_dial() == kPlanStart + 21s + 100ms);
  CHECK(plan.begin(kAll).moves);
  // The kernel sent from the tunnel again: there is no better way then.
  plan.dialled("10.8.0.5", kPlanStart + 22s);
  CHECK(plan.next_dial() == Monotonic::max());

  plan.move("192.168.1.100", {"192.168.1.50:8001"}, kPlanStart + 30s);
  plan.begin(kAll);
  plan.move("172.16.0.9", {"172.16.0.1:8001"}, kPlanStart + 31s);
  plan.dialled("192.168.1.100", kPlanStart + 32s);
  CHECK(plan.next_dial() <= kPlanStart + 32s);
  CHECK(plan.begin(kAll).addresses == Texts{"172.16.0.1:8001"});
}

TEST_CASE("where the link breaks meanwhile, the better way is dialled first, then all others") {
  LinkPlan plan = linked_from("192.168.1.100");
  plan.move("10.8.0.5", {"10.8.0.1:8001"}, kPlanStart + 1s);
  plan.link_ended(kPlanStart + 1s, 0.5);
  const auto dial = plan.begin(kAll);
  CHECK_FALSE(dial.moves);
  CHECK(dial.addresses == Texts{"10.8.0.1:8001", "192.168.1.50:8001"});
  plan.dial_failed(kPlanStart + 2s, 0.5);
  CHECK(plan.begin(kAll).addresses == kAll);
}

TEST_CASE("after a dead way those that are reached by another are dialled first, once") {
  LinkPlan plan = linked_from("192.168.1.100");
  plan.prefer({"10.8.0.1:8001"});
  plan.ways_changed(kPlanStart + 5s);
  plan.link_ended(kPlanStart + 5s, 0.5);
  CHECK(plan.next_dial() == kPlanStart + 5s + 20ms);
  CHECK(plan.begin(kAll).addresses == Texts{"10.8.0.1:8001", "192.168.1.50:8001"});
}

}  // namespace p2p::membership

#include "addresses/address_choice.hpp"

#include <doctest/doctest.h>

namespace p2p::addresses {
namespace {

using namespace std::chrono_literals;

Candidate candidate(const std::string& address, Rule rule, Path path = Path::untried,
                    std::optional<std::chrono::microseconds> round_trip = std::nullopt) {
  Candidate out;
  out.address = address;
  out.rule = out.rank = rule;
  out.path = path;
  out.round_trip = round_trip;
  out.reason = "reason of " + address;
  return out;
}

Ranking ranking(std::vector<Candidate> candidates) {
  Ranking out;
  out.candidates = std::move(candidates);
  return out;
}

const Candidate kLan = candidate("192.168.1.100", Rule::same_subnet, Path::works, 1ms);
const Candidate kTunnel = candidate("10.8.0.5", Rule::vpn, Path::works, 1ms);
const Monotonic kBegin{1000s};
constexpr auto kLook = AddressChoice::Occasion::look;
constexpr auto kNetwork = AddressChoice::Occasion::network;

}  // namespace

TEST_CASE("the first choice is made at once") {
  AddressChoice choice;
  CHECK_FALSE(choice.consider(ranking({}), kLook, kBegin).has_value());
  const auto change = choice.consider(ranking({kLan, kTunnel}), kLook, kBegin);
  REQUIRE(change.has_value());
  CHECK(change->to == "192.168.1.100");
  CHECK(change->from.empty());
  CHECK(change->why == AddressChoice::Why::first);
  CHECK(choice.announced(ranking({kTunnel, kLan})) == std::vector<std::string>{"192.168.1.100", "10.8.0.5"});
}

TEST_CASE("what reaches nobody is not announced where another address does, and each is announced once") {
  AddressChoice choice;
  choice.consider(ranking({kLan}), kLook, kBegin);
  const Candidate dead = candidate("172.17.0.1", Rule::container, Path::fails);
  const Candidate untried = candidate("2001:db8::1", Rule::public_address);
  CHECK(choice.announced(ranking({kLan, untried, dead, kLan})) ==
        std::vector<std::string>{"192.168.1.100", "2001:db8::1"});
  const Candidate lan_is_dead = candidate(kLan.address, Rule::same_subnet, Path::fails);
  CHECK(choice.announced(ranking({lan_is_dead, dead})) == std::vector<std::string>{"192.168.1.100", "172.17.0.1"});
}

TEST_CASE("an address that is gone is left at once, also right after a change") {
  AddressChoice choice;
  choice.consider(ranking({kLan, kTunnel}), kLook, kBegin);
  auto change = choice.consider(ranking({kTunnel}), kLook, kBegin + 1ms);
  REQUIRE(change.has_value());
  CHECK(change->why == AddressChoice::Why::gone);
  CHECK(change->to == "10.8.0.5");
  change = choice.consider(ranking({kLan}), kLook, kBegin + 2ms);
  REQUIRE(change.has_value());
  CHECK(change->to == "192.168.1.100");
  change = choice.consider(ranking({}), kLook, kBegin + 3ms);
  REQUIRE(change.has_value());
  CHECK(change->to.empty());
  CHECK(choice.current().empty());
}

TEST_CASE("an address from which nobody is reached is left at once, if another reaches somebody") {
  AddressChoice choice;
  choice.consider(ranking({kLan, kTunnel}), kLook, kBegin);
  const Candidate dead = candidate(kLan.address, Rule::same_subnet, Path::fails);
  const Candidate dead_too = candidate(kTunnel.address, Rule::vpn, Path::fails);
  CHECK_FALSE(choice.consider(ranking({dead, dead_too}), kLook, kBegin + 1s).has_value());
  const auto change = choice.consider(ranking({kTunnel, dead}), kLook, kBegin + 2s);
  REQUIRE(change.has_value());
  CHECK(change->why == AddressChoice::Why::failed);
  CHECK(change->to == "10.8.0.5");
}

TEST_CASE("a better address is taken after three looks, within five seconds") {
  AddressChoice choice;
  choice.consider(ranking({kTunnel}), kLook, kBegin);
  const auto better = ranking({kLan, kTunnel});
  CHECK_FALSE(choice.next_look().has_value());
  CHECK_FALSE(choice.consider(better, kLook, kBegin + 1s).has_value());
  CHECK_FALSE(choice.consider(better, kLook, kBegin + 1s + 10ms).has_value());  // the same look
  REQUIRE(choice.next_look().has_value());
  CHECK_FALSE(choice.consider(better, kLook, *choice.next_look()).has_value());
  const Monotonic third = *choice.next_look();
  CHECK(third - (kBegin + 1s) < 5s);
  const auto change = choice.consider(better, kLook, third);
  REQUIRE(change.has_value());
  CHECK(change->to == "192.168.1.100");
  CHECK(change->why == AddressChoice::Why::better);
  CHECK_FALSE(choice.next_look().has_value());
}

TEST_CASE("what the kernel tells confirms no better address, however often it does") {
  AddressChoice choice;
  choice.consider(ranking({kTunnel}), kLook, kBegin);
  const auto better = ranking({kLan, kTunnel});
  for (int i = 1; i <= 10; ++i) CHECK_FALSE(choice.consider(better, kNetwork, kBegin + i * 1s).has_value());
  CHECK_FALSE(choice.consider(better, kLook, kBegin + 11s).has_value());
  CHECK_FALSE(choice.consider(better, kNetwork, kBegin + 12s).has_value());
  CHECK_FALSE(choice.consider(better, kLook, kBegin + 13s).has_value());
  CHECK(choice.consider(better, kLook, kBegin + 14s).has_value());
}

TEST_CASE("what is not known of the way back is no reason to change, nor to stay") {
  const Candidate unknown = candidate("b", Rule::same_subnet, Path::answers);
  const auto changes = [](const Candidate& present, const Candidate& other) {
    AddressChoice choice;
    choice.consider(ranking({present}), kLook, kBegin);
    std::optional<AddressChoice::Change> change;
    for (int i = 1; i <= 5 && !change; ++i) {
      change = choice.consider(ranking({other, present}), kLook, kBegin + i * 1s);
    }
    return change.has_value();
  };
  CHECK_FALSE(changes(candidate("a", Rule::same_subnet, Path::one_way), unknown));
  CHECK_FALSE(changes(candidate("a", Rule::same_subnet, Path::works), unknown));
  CHECK_FALSE(changes(unknown, candidate("a", Rule::same_subnet, Path::works)));
  // By its rule it is the better one.
  CHECK(changes(candidate("a", Rule::vpn, Path::works), unknown));
}

TEST_CASE("a better address that does not last is not taken") {
  AddressChoice choice;
  choice.consider(ranking({kTunnel}), kLook, kBegin);
  for (int i = 0; i < 20; ++i) {
    const auto now = kBegin + i * 2s;
    CHECK_FALSE(choice.consider(ranking({kLan, kTunnel}), kLook, now).has_value());
    CHECK_FALSE(choice.consider(ranking({kLan, kTunnel}), kLook, now + 600ms).has_value());
    CHECK_FALSE(choice.consider(ranking({kTunnel}), kLook, now + 1200ms).has_value());
  }
}

TEST_CASE("within ten seconds of a change no better address is taken") {
  AddressChoice choice;
  choice.consider(ranking({kLan, kTunnel}), kLook, kBegin);
  choice.consider(ranking({kTunnel}), kLook, kBegin + 1s);  // the cable is out
  std::optional<AddressChoice::Change> change;
  Monotonic now = kBegin + 2s;
  for (int i = 0; i < 100 && !change; ++i) {
    change = choice.consider(ranking({kLan, kTunnel}), kLook, now);
    if (!change) {
      REQUIRE(choice.next_look().has_value());
      CHECK(*choice.next_look() > now);
      now = *choice.next_look();
    }
  }
  REQUIRE(change.has_value());
  CHECK(now == kBegin + 11s);
}

TEST_CASE("of equal rank only one that is shorter by 10 ms and a third is better") {
  const auto looks = [](std::chrono::milliseconds present, std::chrono::milliseconds other) {
    const Candidate a = candidate("a", Rule::kernel_route, Path::works, present);
    const Candidate b = candidate("b", Rule::kernel_route, Path::works, other);
    AddressChoice choice;
    choice.consider(ranking({a}), kLook, kBegin);
    std::optional<AddressChoice::Change> change;
    for (int i = 1; i <= 10 && !change; ++i) change = choice.consider(ranking({b, a}), kLook, kBegin + i * 1s);
    return change.has_value();
  };
  CHECK(looks(30ms, 20ms));
  CHECK_FALSE(looks(30ms, 21ms));
  CHECK_FALSE(looks(14ms, 5ms));    // two thirds, but 9 ms
  CHECK_FALSE(looks(100ms, 67ms));  // 33 ms, but less than a third
  CHECK(looks(99ms, 66ms));
}

TEST_CASE("an address that can be dialled back is better than one that cannot") {
  AddressChoice choice;
  const Candidate one_way = candidate("a", Rule::same_subnet, Path::one_way);
  const Candidate both = candidate("b", Rule::vpn, Path::works);
  choice.consider(ranking({one_way}), kLook, kBegin);
  std::optional<AddressChoice::Change> change;
  for (int i = 1; i <= 3; ++i) change = choice.consider(ranking({both, one_way}), kLook, kBegin + i * 1s);
  REQUIRE(change.has_value());
  CHECK(change->to == "b");
}

}  // namespace p2p::addresses

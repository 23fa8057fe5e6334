#include "scenario.hpp"

#include <fmt/format.h>

#include "world.hpp"

namespace p2p::sim {
namespace {

using std::chrono::seconds;

constexpr seconds kChaos{35};
/// The news of the last disturbance spreads under loss for a while; then the network is sound, and nobody is suspected
/// for lost messages alone.
constexpr seconds kLossyQuiet{6};
/// With the longest interval: 36 s until dead, 10 s until settled, and time for the news.
constexpr seconds kPatience{70};

Duration random_between(Random& random, milliseconds from, milliseconds to) {
  return milliseconds{from.count() +
                      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((to - from).count())))};
}

int random_worker(World& world) {
  return 1 + static_cast<int>(world.random().below(static_cast<std::uint64_t>(world.count() - 1)));
}

void start_all(World& world) {
  for (int i = 0; i < world.count(); ++i) {
    world.at(random_between(world.random(), milliseconds{0}, milliseconds{3000}), [&world, i] { world.start(i); });
  }
}

/// A few of them stay down; the others come back, some with nothing remembered.
void plan_kills(World& world) {
  Random& random = world.random();
  for (int i = 0; i < 8; ++i) {
    const int node = i == 0 && random.below(3) == 0 ? 0 : random_worker(world);
    const Duration when = random_between(random, milliseconds{6000}, milliseconds{25'000});
    const Duration back = when + random_between(random, milliseconds{200}, milliseconds{9000});
    const bool comes_back = node == 0 || random.below(3) != 0;
    const bool forgets = random.below(2) == 0;
    world.at(when, [&world, node] { world.kill(node); });
    if (!comes_back) continue;
    world.at(back, [&world, node, forgets] {
      if (world.is_up(node)) return;
      if (forgets) world.forget_state(node);
      world.start(node);
    });
  }
}

void plan_changes(World& world) {
  Random& random = world.random();
  for (int i = 0; i < 6; ++i) {
    const int node = random_worker(world);
    const Duration when = random_between(random, milliseconds{5000}, milliseconds{33'000});
    if (i % 3 == 0) {
      world.at(when, [&world, node] { world.renew_certificate(node); });
    } else {
      world.at(when, [&world, node, i] { world.set_services(node, {{"disk", fmt::format("1.{}", i)}}); });
    }
  }
  const int leaver = random_worker(world);
  world.at(random_between(random, milliseconds{8000}, milliseconds{30'000}), [&world, leaver] { world.leave(leaver); });
}

/// Small and large ones, published whenever the coordinator is up; and a worker that tries to pass off a forged one,
/// and the first one of all again.
void plan_bulletins(World& world) {
  Random& random = world.random();
  for (int i = 0; i < 6; ++i) {
    const std::string kind = i % 3 == 2 ? "roots" : "crl:01";
    const std::size_t padding = i % 2 == 0 ? 0 : 100'000;
    world.at(random_between(random, milliseconds{4000}, milliseconds{34'000}), [&world, kind, padding] {
      if (world.is_up(0)) world.publish(0, kind, padding);
    });
    const int hostile = random_worker(world),
              victim = static_cast<int>(random.below(static_cast<std::uint64_t>(world.count())));
    world.at(random_between(random, milliseconds{3000}, milliseconds{40'000}), [&world, hostile, victim] {
      Bytes forged = fake_bulletin("crl:01", 1'000'000);
      forged.back() ^= 1;
      world.offer_bulletin(hostile, victim, "crl:01", forged);
      world.offer_bulletin(hostile, victim, "teleport", forged);
      // Genuine, and known to all since long: whoever starts empty may take it, until a newer one comes.
      if (world.was_published("crl:01")) world.offer_bulletin(hostile, victim, "crl:01", fake_bulletin("crl:01", 1));
    });
  }
}

/// Short ones merely raise suspicion; long ones make both sides forget each other.
void plan_partition(World& world) {
  Random& random = world.random();
  const Duration from = random_between(random, milliseconds{5000}, milliseconds{15'000});
  const Duration until = from + random_between(random, milliseconds{3000}, milliseconds{45'000});
  const std::uint64_t share = 1 + random.below(9);
  const std::uint64_t salt = random.next();
  world.at(from, [&world, share, salt] {
    world.partition([&](int node) { return SeededRandom(salt + static_cast<std::uint64_t>(node)).below(10) < share; });
  });
  world.at(until, [&world] { world.heal(); });
}

}  // namespace

Outcome play(std::uint64_t seed, int node_count, bool trace) {
  WorldSettings settings;
  settings.seed = seed;
  settings.node_count = node_count;
  settings.max_clock_skew = milliseconds{120'000};
  settings.membership = brisk_settings();
  settings.trace = trace;
  World world(settings);
  start_all(world);
  plan_kills(world);
  plan_changes(world);
  plan_partition(world);
  plan_bulletins(world);
  Duration time = kChaos;
  world.run_until(time);
  while (world.is_divided()) world.run_until(time += seconds{1});
  const Duration quiet_since = time;
  world.run_until(time += kLossyQuiet);
  world.set_loss(0);
  Outcome out;
  auto difference = world.difference();
  while (difference && time < quiet_since + kPatience) {
    world.run_until(time += seconds{2});
    difference = world.difference();
  }
  out.equal = !difference && !world.violation();
  out.difference = world.violation().value_or(difference.value_or(""));
  out.equal_after_seconds = std::chrono::duration<double>(time - quiet_since).count();
  out.message_count = world.message_count();
  return out;
}

}  // namespace p2p::sim

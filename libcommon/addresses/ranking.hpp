// Which of this machine's addresses others can use, best first, and why. Pure: the same facts give the same ranking.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "addresses/advertised.hpp"
#include "addresses/classify.hpp"
#include "addresses/inventory.hpp"
#include "addresses/path_probe.hpp"
#include "addresses/rule.hpp"

namespace p2p::addresses {

/// An address under which the coordinator may be reached.
struct Coordinator {
  IpAddress address{};
  std::uint16_t port = 0;
  /// `192.0.2.1:8001`, `[2001:db8::1]:8001`: what PathProbe::target has.
  std::string target() const;
  bool operator==(const Coordinator&) const = default;
};

/// What is known of the ways from one own address to all coordinators, best first.
enum class Path : unsigned char {
  works,    ///< a coordinator answered, and could dial back where it was asked to
  answers,  ///< a coordinator answered; whether it can dial back could not be found out. As good as one that works.
  one_way,  ///< a coordinator answered, but could not dial back, or saw another address than this
  untried,
  fails,  ///< nobody answered, or nobody who is a coordinator and well
};
/// `works`, `answers`, `one-way`, `untried`, `fails`.
std::string_view to_text(Path path) noexcept;
/// A coordinator answered.
constexpr bool is_reached(Path path) noexcept { return path < Path::untried; }
/// What counts where two are compared: less is better.
constexpr int level_of(Path path) noexcept { return path == Path::answers ? 0 : static_cast<int>(path); }

struct Policy {
  bool prefers_vpn = false;
};

/// All that a ranking depends on beside the inventory.
struct RankingFacts {
  std::optional<Advertised> advertised{};
  std::vector<std::string> only{};  ///< own addresses and interfaces, of which alone one is asked for; none: all
  std::optional<IpAddress> bind_address{};  ///< where the node listens; none: everywhere. 0.0.0.0 leaves out IPv6.
  std::vector<Coordinator> coordinators{};
  /// To each coordinator: the kernel's own choice, and its answer for each own address as source (route_questions()).
  std::vector<RouteAnswer> routes{};
  std::vector<PathProbe> probes{};
  Policy policy{};
};

struct Candidate {
  std::string address{};     ///< without a port; a host name where the operator gave one
  std::string interface {};  ///< empty: not an address of this machine
  LinkClass link_class = LinkClass::lan;
  Rule rule = Rule::link_local;  ///< that gave it its place
  Rule rank = Rule::link_local;  ///< its place but for `advertised`: the order among several that the operator allows
  int prefix_length = 0;         ///< of the network that it shares with the coordinator
  std::string reason{};          ///< one clause
  Path path = Path::untried;
  std::optional<std::chrono::microseconds> round_trip{};  ///< the shortest to a coordinator
  std::optional<IpAddress> seen_as{};                     ///< what a coordinator saw in its place
};

struct ExcludedAddress {
  std::string address{};
  std::string interface {};
  LinkClass link_class = LinkClass::lan;
  Exclusion why = Exclusion::loopback;
  std::string reason{};  ///< one clause
};

/// What one rule had to say.
struct RuleNote {
  Rule rule = Rule::advertised;
  std::vector<std::string> addresses{};  ///< the candidates that have their place by it
  bool decided = false;                  ///< the first of all is one of them
};

struct Ranking {
  std::vector<Candidate> candidates{};      ///< best first
  std::vector<ExcludedAddress> excluded{};  ///< in the inventory's order
  std::vector<RuleNote> notes{};            ///< one a rule, in their order
  std::string decision{};                   ///< one sentence: why the first stands before the second

  const Candidate* best() const noexcept { return candidates.empty() ? nullptr : &candidates.front(); }
};

Ranking rank(const Inventory& inventory, const RankingFacts& facts);

/// A question for RTM_GETROUTE.
struct RouteQuestion {
  IpAddress target{};
  std::optional<IpAddress> source{};
};
/// A machine with thousands of addresses does not ask for each.
inline constexpr std::size_t kMaxRouteQuestions = 1'024;
/// The questions of which the answers make RankingFacts::routes.
std::vector<RouteQuestion> route_questions(const Inventory& inventory, const std::vector<Coordinator>& coordinators);

/// The own addresses from which a coordinator may be probed: those that rank() would not leave out without probes.
std::vector<IpAddress> sources_to_probe(const Inventory& inventory, const RankingFacts& facts);

}  // namespace p2p::addresses

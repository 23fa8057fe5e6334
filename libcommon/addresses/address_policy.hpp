// What a node does about its addresses, over time: when it looks at the ways to its coordinators, what it announces,
// and which connections it lets go of. It is told what happens and when; what follows is carried out by its owner.
// Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "addresses/address_choice.hpp"
#include "addresses/path_evidence.hpp"
#include "addresses/ranking.hpp"
#include "base/clock.hpp"

namespace p2p::addresses {

/// A coordinator as it was named, `host:port`, at one of its addresses.
struct NamedCoordinator {
  std::string named{};
  Coordinator coordinator{};
  bool operator==(const NamedCoordinator&) const = default;
};

/// The network as the kernel has it. `routes` answer route_questions().
struct Surroundings {
  Inventory inventory{};
  std::vector<RouteAnswer> routes{};
  /// What the configuration has announced whatever the ranking is, `host:port`: a name is one until an interface has
  /// it.
  std::optional<std::string> fixed{};
};

/// One round of looking at the ways.
struct Look {
  /// It tries again what has answered before, so that a better address is confirmed without waiting for dead ways. The
  /// names of coordinators are resolved for the other kind alone.
  bool is_confirmation = false;
};

/// Which ways a look tries: every pair but those left out.
struct LookPlan {
  std::vector<IpAddress> sources{};
  std::vector<Coordinator> targets{};
  std::vector<PathEnds> left_out{};
};

class AddressPolicy {
 public:
  struct Settings {
    RankingFacts facts{};    ///< what the configuration says
    std::uint16_t port = 0;  ///< of what is announced where nothing is fixed
    bool probes = true;
  };

  /// A link from another own address is to be replaced.
  struct Replacement {
    std::string from{}, to{};                 ///< own addresses
    std::vector<std::string> coordinators{};  ///< as named, those that are reached from `to`; may be empty
    bool is_dead = false;  ///< the link's way is dead: what goes over it ends now. `from` and `to` may be the same then
  };
  struct Actions {
    /// In this order.
    std::optional<AddressChoice::Change> change{};       ///< for the log
    std::optional<std::vector<std::string>> announce{};  ///< the new list, best first
    std::vector<IpAddress> lost{};                       ///< nothing can be sent from these any more
    bool ways_changed = false;                           ///< one that led nowhere may lead somewhere now
    std::optional<Replacement> replace{};
  };

  explicit AddressPolicy(Settings settings);

  /// Chooses for the first time, by what the kernel says; a look is due then.
  Actions begin(Surroundings now_there, std::vector<NamedCoordinator> coordinators, Monotonic now);
  /// The kernel has told of a change.
  Actions network_changed(Surroundings now_there, Monotonic now);
  /// A way to a coordinator has come up. `chance` in [0, 1) spreads a fleet.
  void coordinator_reached(double chance, Monotonic now);
  /// The link does not answer that goes from this own address to this one of a coordinator, without a port: its way may
  /// be dead.
  void link_silent(const std::string& from, const std::string& to, Monotonic now);

  /// Monotonic::max(): not before something happens.
  Monotonic next_look() const;
  /// The look that is due begins.
  Look begin_look(Monotonic now);
  /// The coordinators that this look has found, and the network as it is now: which ways it tries, none where nothing
  /// is to be chosen.
  LookPlan plan_look(const Look& look, Surroundings now_there, std::vector<NamedCoordinator> coordinators);
  /// What it has shown.
  Actions looked(std::vector<PathProbe> found, Surroundings now_there, Monotonic now);

  const std::vector<NamedCoordinator>& coordinators() const noexcept { return coordinators_; }
  std::vector<Coordinator> places() const;
  const std::vector<std::string>& announced() const noexcept { return announced_; }
  /// Surroundings::fixed, but not for a name that an interface had since the start.
  const std::optional<std::string>& fixed() const noexcept { return fixed_; }
  /// The chosen one, where it is an address of this machine and none is fixed.
  const Candidate* chosen() const;

 private:
  /// What the ways depend on.
  struct Ground {
    std::vector<IpAddress> sources{};
    std::vector<RouteAnswer> routes{};
    bool operator==(const Ground&) const = default;
  };
  /// A link that does not answer.
  struct Doubt {
    IpAddress from{}, to{};
  };
  void take(Surroundings now_there);
  void take(std::vector<NamedCoordinator> coordinators);
  Actions consider(AddressChoice::Occasion occasion, Monotonic now, const std::optional<Doubt>& dead = {});
  std::optional<Replacement> replacement(const AddressChoice::Change& change) const;
  std::vector<std::string> coordinators_by(const std::string& own_address) const;
  std::vector<std::string> coordinators_reached() const;
  bool is_dead(const Doubt& doubt) const;
  void look_at(Monotonic when);

  const Settings settings_;
  Inventory inventory_{};
  std::vector<NamedCoordinator> coordinators_{};
  RankingFacts facts_;
  Ranking ranking_{};
  std::optional<std::string> fixed_{};
  AddressChoice choice_;
  std::vector<std::string> announced_{};
  Ground ground_{};
  std::optional<Doubt> doubt_{};  ///< until a whole look has ended that began after it
  bool looks_at_doubt_ = false;
  bool renews_all_ = false;  ///< the look that is under way tries every way
  std::optional<Monotonic> look_due_{};
  std::optional<Monotonic> looked_at_{};  ///< when the last look began
};

/// `chosen` (addresses of the ranking's candidates) as `host:port` texts, as many as a record holds; where there are
/// none and the operator named no interface or network, the loopback ones.
std::vector<std::string> announcement(const std::vector<std::string>& chosen, const Ranking& ranking,
                                      bool operator_said, std::uint16_t port);

}  // namespace p2p::addresses

// When a worker dials its coordinator, and at which addresses first: again at once after a loss with a back-off, sooner
// where the network has just changed, and beside a link that works where a better way has been found. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace p2p::membership {

/// The pause after a dial that failed or a link that broke; it doubles, and starts anew after a link that lasted.
inline constexpr std::chrono::milliseconds kFirstLinkBackoff{100}, kLongestLinkBackoff{5'000};
inline constexpr std::chrono::seconds kSteadyLinkAfter{10};
/// For so long after a change of the ways a pause is no longer than this.
inline constexpr std::chrono::milliseconds kAfterChange{1'000}, kAfterChangePause{20};

class LinkPlan {
 public:
  struct Dial {
    std::vector<std::string> addresses{};  ///< `host:port`, best first
    bool moves = false;                    ///< there is a link, which is to be retired for this one
  };

  /// When begin() is due; Monotonic::max(): not before something happens.
  Monotonic next_dial() const;
  /// The dial that begins now. `coordinators` are all addresses, the one that answered last in front.
  Dial begin(std::vector<std::string> coordinators);
  /// It led to a link from this own address; which is held from now on.
  void dialled(const std::string& own_address, Monotonic now);
  /// `chance` in [0, 1) spreads a fleet: a pause is its length ±20%.
  void dial_failed(Monotonic now, double chance);
  void link_ended(Monotonic now, double chance);

  /// What led nowhere may lead somewhere now. True where a dial that is under way should begin anew.
  bool ways_changed(Monotonic now);
  /// From this own address these coordinators are reached better: dialled until there is a link, from wherever.
  void move(const std::string& own_address, std::vector<std::string> coordinators, Monotonic now);
  /// The next dial, which link_ended() brings, tries these first.
  void prefer(std::vector<std::string> coordinators) { preferred_ = std::move(coordinators); }

  bool is_linked() const noexcept { return link_from_.has_value(); }

 private:
  struct Move {
    std::string own_address{};
    std::vector<std::string> coordinators{};
    bool operator==(const Move&) const = default;
  };
  void pause(Monotonic now, double chance);

  std::optional<std::string> link_from_{};  ///< its own address
  Monotonic linked_at_{};
  Monotonic not_before_{};
  std::chrono::milliseconds backoff_ = kFirstLinkBackoff;
  std::optional<Monotonic> changed_at_{};
  std::vector<std::string> preferred_{};
  std::optional<Move> wanted_{};
  std::optional<Move> tried_{};  ///< what was wanted when the present dial began
};

}  // namespace p2p::membership

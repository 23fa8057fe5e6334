// Which address a node announces first, over time: it leaves a dead one at once, and changes for a better one only when
// that is clear and lasts, so that a fleet does not follow every flicker. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "addresses/ranking.hpp"
#include "base/clock.hpp"

namespace p2p::addresses {

class AddressChoice {
 public:
  struct Settings {
    std::chrono::milliseconds margin{10};      ///< the other way must be shorter by this,
    unsigned share = 3;                        ///< and by one part of so many of the present one,
    unsigned confirmations = 3;                ///< in so many looks one after the other,
    std::chrono::milliseconds between{500};    ///< of which two closer than this count once,
    std::chrono::milliseconds interval{1000};  ///< and which are wanted so often;
    std::chrono::seconds hold{10};             ///< and not so soon after the change before
  };

  enum class Why : unsigned char {
    first,   ///< there was none
    gone,    ///< the present one is no candidate any more
    failed,  ///< it reaches no coordinator, or not well any more, and the other does
    better,
  };
  struct Change {
    std::string from{};  ///< empty: none
    std::string to{};    ///< empty: none is left
    Why why = Why::first;
    std::string reason{};  ///< one clause, for the log
    bool operator==(const Change&) const = default;
  };

  AddressChoice() = default;
  explicit AddressChoice(Settings settings) : settings_(settings) {}

  /// Why there is a fresh ranking: the kernel has told of a change, or the ways were looked at. Looks alone confirm.
  enum class Occasion : unsigned char { network, look };

  /// To be called after every change of the network and every round of probes. `is_doubted`: the connection that was
  /// held from the present address is dead, so that one whose way is better is taken without confirmation.
  std::optional<Change> consider(const Ranking& ranking, Occasion occasion, Monotonic now, bool is_doubted = false);

  /// Empty: none.
  const std::string& current() const noexcept { return current_; }
  /// When consider() wants new probes, because a better address waits for its confirmation.
  std::optional<Monotonic> next_look() const;
  /// What the record lists: the chosen one, then the others in their order, each once, without those from which no
  /// coordinator is reached where another reaches one.
  std::vector<std::string> announced(const Ranking& ranking) const;

 private:
  bool is_clearly_better(const Candidate& other, const Candidate& present) const;
  Change change(const Candidate* to, Why why, std::string reason, Monotonic now);

  Settings settings_{};
  std::string current_{};
  std::optional<Monotonic> changed_at_{};
  std::string contender_{};
  unsigned confirmed_ = 0;
  Monotonic last_look_{};  ///< that confirmed, or when the contender appeared
};

/// `first`, `gone`, `failed`, `better`.
std::string_view to_text(AddressChoice::Why why) noexcept;

}  // namespace p2p::addresses

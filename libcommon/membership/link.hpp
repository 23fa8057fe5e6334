// One end of a link: frames over a Channel, with calls matched to their results, a ping every 5 s (every 2 s from the
// end that has another way to go) and an end when the other side has been silent for 15 s.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "membership/link_frame.hpp"
#include "net/channel.hpp"

namespace p2p::membership {

inline constexpr std::chrono::seconds kLinkPingInterval{5};
inline constexpr std::chrono::seconds kLinkSilenceLimit{15};
/// Where LinkHandlers::on_silence is set: how often a ping goes out, and how long its answer may take before the way is
/// in doubt. A way that swallows everything is so noticed within three seconds.
inline constexpr std::chrono::seconds kWatchedLinkPingInterval{2}, kLinkAnswerPatience{1};
/// Frames of records and logs stay under this; a larger message closes the link.
inline constexpr std::size_t kMaxLinkMessageBytes = 2 << 20;
/// A larger answer to a call is refused by the node that made it.
inline constexpr std::size_t kMaxLinkResultBytes = kMaxLinkMessageBytes - 1024;
/// With more than this in its queue a link takes no progress of calls, which waits and is then dropped: results and
/// records go first.
inline constexpr std::size_t kMaxLinkProgressBacklog = 1 << 20;
/// Calls that one link carries at a time; more are refused as overloaded.
inline constexpr std::size_t kMaxLinkCalls = 1024;

/// Records that have come over one link and are not worked off. With more than this the link is closed: its peer sends
/// faster than a node ever has reason to, and all of it would be kept in memory.
inline constexpr std::size_t kMaxLinkRecordsBacklog = 16 << 20;

/// Held as long as a payload is kept; by it the link knows what its owner has not worked off. Any thread.
using LinkRoom = std::shared_ptr<const void>;

/// What the owner does with what arrives. All run on the channel's executor and must not block.
struct LinkHandlers {
  std::function<void(std::string_view payload, LinkRoom room)> on_records;
  std::function<void(std::string_view payload)> on_logs;
  std::function<void(std::string_view payload)> on_logs_reply;
  std::function<void(std::string_view payload)> on_figures{};  ///< may be empty
  /// What this node's clock shows, for the other end; none: it is told nothing, and its clock is not measured.
  std::function<WallTime()> wall_clock{};
  /// A ping has not been answered within kLinkAnswerPatience: the way may be dead, though the link is not given up yet.
  /// Once for each silence. May be empty; its link pings more often.
  std::function<void()> on_silence{};
  /// Answers one call with JSON-RPC response text; cancelled when the caller gives up or the link ends. `call.progress`
  /// is set where the caller wants it.
  std::function<boost::asio::awaitable<std::string>(LinkCall call)> answer;
};

/// Lives on the executor of its channel; send(), call() and close() may be used from any thread.
class Link {
 public:
  Link(net::ChannelPtr channel, LinkHandlers handlers, LogSink& log);
  ~Link();

  /// Reads until either side ends the link; pending calls then fail with `unreachable`, and answers under way are
  /// cancelled. The error says why it ended. Not cancelled any more from then on: settle() is to follow.
  boost::asio::awaitable<Error> run();
  /// Waits for what the link still does after its end, at most 2 s.
  boost::asio::awaitable<void> settle();

  /// False when the link is closed or its queue is full.
  bool send(FrameKind kind, std::string_view payload);

  /// Sends a call and waits for its result, while `call.progress` hears what comes before: the response text, `timeout`
  /// or `unreachable` when the link broke (the outcome is unknown in both), `failed` when the answer could not be sent;
  /// and where it was not begun, `limited` (too many calls are under way) or `not_found` (the link is closed).
  boost::asio::awaitable<Result<std::string>> call(LinkCall call);

  /// How far the other end's clock is ahead of this one's (negative: behind), as the last pong said, off by at most
  /// half the time that its ping took; none before the first, or from a version that does not tell. Any thread.
  std::optional<std::chrono::milliseconds> clock_offset() const;

  void close(std::string reason);
  /// Closes what is taken to be dead: the calls that wait for their results end with `unreachable` at once, not when
  /// the other end has heard of it.
  void give_up(std::string reason);
  /// Begins no call any more (`not_found`), and closes once none is under way in either direction.
  void retire();
  const auth::Caller& peer() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace p2p::membership

#include "membership/link.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "base/peer_words.hpp"
#include "net/progress_relay.hpp"
#include "net/reply.hpp"
#include "net/task_group.hpp"

namespace p2p::membership {

namespace asio = boost::asio;

namespace {

constexpr auto kUse = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kStopGrace{2};
constexpr std::int64_t kLatestClockMs = 253'402'300'799'999;  // the end of the year 9999
constexpr std::int64_t kUnknownOffset = std::numeric_limits<std::int64_t>::min();

std::int64_t since_epoch(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// A call of ours that waits for its result, on the loop of its caller. But for the reply, it is the channel's.
struct Pending {
  std::shared_ptr<net::Reply<Result<std::string>>> reply;
  LinkCall call;
  std::uint64_t id = 0;  // none before it is sent
};
using PendingPtr = std::shared_ptr<Pending>;

/// What keeping a frame takes apart from its payload.
constexpr std::size_t kKeptFrameBytes = 512;

/// A payload that the owner keeps; counted in `backlog` until it lets go.
class Room {
 public:
  Room(std::shared_ptr<std::atomic<std::size_t>> backlog, std::size_t bytes)
      : backlog_(std::move(backlog)), bytes_(bytes) {
    *backlog_ += bytes_;
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { *backlog_ -= bytes_; }

 private:
  std::shared_ptr<std::atomic<std::size_t>> backlog_;
  const std::size_t bytes_;
};

std::uint64_t read_count(std::string_view text) {
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace

/// Everything runs on the channel's executor; the public functions hop there.
struct Link::State : std::enable_shared_from_this<Link::State> {
  State(net::ChannelPtr c, LinkHandlers h, LogSink& log)
      : channel(std::move(c)), handlers(std::move(h)), tasks(channel->executor(), log) {}

  net::ChannelPtr channel;
  LinkHandlers handlers;
  net::TaskGroup tasks;
  std::map<std::uint64_t, PendingPtr> pending;
  std::map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> running;
  std::uint64_t next_id = 1;
  std::chrono::steady_clock::time_point last_heard = std::chrono::steady_clock::now();
  bool closed = false;
  bool retiring = false;
  bool was_silent = false;
  std::uint64_t pinged_id = 0;
  std::chrono::steady_clock::time_point pinged_at{};
  std::atomic<std::int64_t> clock_offset_ms{kUnknownOffset};
  const std::shared_ptr<std::atomic<std::size_t>> records_backlog = std::make_shared<std::atomic<std::size_t>>(0);

  bool send(FrameKind kind, std::uint64_t id, std::string_view payload) {
    return channel->send(net::Message{true, encode_frame(kind, id, payload)});
  }

  void complete(std::uint64_t id, Result<std::string> outcome) {
    const auto found = pending.find(id);
    if (found == pending.end()) return;  // the caller has given up
    found->second->reply->give(std::move(outcome));
    pending.erase(found);
    close_when_retired();
  }

  void close_when_retired() {
    if (retiring && pending.empty() && running.empty()) channel->close(1000, "another link has taken over");
  }

  ProgressSink* progress_of(std::uint64_t id) const {
    const auto found = pending.find(id);
    return found == pending.end() ? nullptr : found->second->call.progress.get();
  }

  void receive(const Frame& frame);
  void take_records(std::string_view payload);
  void measure(const Frame& pong);
  net::ProgressRelay::Reader progress_frames(std::uint64_t id);
  void begin_answer(std::uint64_t id, std::string_view payload);
  asio::awaitable<void> answer(std::uint64_t id, LinkCall call, std::shared_ptr<asio::cancellation_signal> signal);
  asio::awaitable<void> keep_alive();
  asio::awaitable<bool> wait_for_answer(asio::steady_timer& timer);
  void fail_pending();
  asio::awaitable<Error> read();
  void begin_call(const PendingPtr& wait);
  void abandon(const PendingPtr& wait);
};

void Link::State::receive(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::ping:
      send(FrameKind::pong, frame.id,
           handlers.wall_clock ? std::to_string(since_epoch(handlers.wall_clock())) : std::string());
      break;
    case FrameKind::pong: measure(frame); break;
    case FrameKind::records: take_records(frame.payload); break;
    case FrameKind::call: begin_answer(frame.id, frame.payload); break;
    case FrameKind::result: complete(frame.id, std::string(frame.payload)); break;
    case FrameKind::refused: complete(frame.id, Error(Errc::limited, "the node has too many calls under way")); break;
    case FrameKind::failed: complete(frame.id, Error(Errc::failed, peer_words(frame.payload))); break;
    case FrameKind::cancel:
      if (const auto found = running.find(frame.id); found != running.end()) {
        found->second->emit(asio::cancellation_type::terminal);
      }
      break;
    case FrameKind::progress:
      if (auto* const sink = progress_of(frame.id)) sink->report(std::string(frame.payload));
      break;
    case FrameKind::dropped:
      if (auto* const sink = progress_of(frame.id)) sink->dropped(read_count(frame.payload));
      break;
    case FrameKind::logs: handlers.on_logs(frame.payload); break;
    case FrameKind::logs_reply: handlers.on_logs_reply(frame.payload); break;
    case FrameKind::figures:
      if (handlers.on_figures) handlers.on_figures(frame.payload);
      break;
  }
}

void Link::State::take_records(std::string_view payload) {
  auto room = std::make_shared<const Room>(records_backlog, kKeptFrameBytes + payload.size());
  if (*records_backlog > kMaxLinkRecordsBacklog) {
    channel->close(net::kPolicyViolation, "records come faster than they are worked off");
  } else {
    handlers.on_records(payload, std::move(room));
  }
}

/// The other end wrote its time about half of the way there and back ago.
void Link::State::measure(const Frame& pong) {
  if (!handlers.wall_clock || pong.id != pinged_id) return;
  std::int64_t theirs = 0;
  const char* end = pong.payload.data() + pong.payload.size();
  const auto [stopped, failure] = std::from_chars(pong.payload.data(), end, theirs);
  if (failure != std::errc() || stopped != end || theirs < 0 || theirs > kLatestClockMs) return;
  const auto way = std::chrono::duration_cast<std::chrono::milliseconds>(last_heard - pinged_at) / 2;
  clock_offset_ms = theirs + way.count() - since_epoch(handlers.wall_clock());
}

void Link::State::begin_answer(std::uint64_t id, std::string_view payload) {
  auto call = decode_link_call(payload);
  if (!call || running.size() >= kMaxLinkCalls || running.contains(id)) {
    send(FrameKind::refused, id, {});
    return;
  }
  auto signal = std::make_shared<asio::cancellation_signal>();
  running.emplace(id, signal);
  tasks.start("link call", answer(id, std::move(*call), std::move(signal)));
}

net::ProgressRelay::Reader Link::State::progress_frames(std::uint64_t id) {
  const auto has_room = [this] { return channel->queued_bytes() <= kMaxLinkProgressBacklog; };
  const auto take = [this, id](const ProgressQueue::Batch& batch) {
    if (batch.dropped > 0) send(FrameKind::dropped, id, std::to_string(batch.dropped));
    for (const std::string& value : batch.values) send(FrameKind::progress, id, value);
  };
  return {has_room, take};
}

asio::awaitable<void> Link::State::answer(std::uint64_t id, LinkCall call,
                                          std::shared_ptr<asio::cancellation_signal> signal) {
  const auto keep = shared_from_this();
  co_await asio::this_coro::throw_if_cancelled(false);
  std::optional<net::ProgressRelay> relay;
  if (call.wants_progress) call.progress = relay.emplace(channel->executor(), progress_frames(id)).sink();
  auto task = handlers.answer(std::move(call));
  auto token = asio::bind_cancellation_slot(signal->slot(), kUse);
  auto [failure, text] = co_await asio::co_spawn(channel->executor(), std::move(task), std::move(token));
  running.erase(id);
  if (relay) relay->finish();
  // What is too large for the link would close it and fail every other call.
  const bool sent = !failure && text.size() <= kMaxLinkResultBytes && send(FrameKind::result, id, text);
  if (!sent) send(FrameKind::failed, id, failure ? "the call was cancelled" : "the answer is too large for the link");
  close_when_retired();
}

asio::awaitable<void> Link::State::keep_alive() {
  const auto keep = shared_from_this();
  const bool watches = static_cast<bool>(handlers.on_silence);
  const std::chrono::milliseconds interval =
      watches ? kWatchedLinkPingInterval - kLinkAnswerPatience : kLinkPingInterval;
  asio::steady_timer timer(channel->executor());
  for (std::uint64_t id = 1;; ++id) {
    // The first at once, for the clocks.
    timer.expires_after(id == 1 && handlers.wall_clock ? std::chrono::milliseconds(0) : interval);
    const auto [failed] = co_await timer.async_wait(kUse);
    if (failed || closed) co_return;
    if (std::chrono::steady_clock::now() - last_heard > kLinkSilenceLimit) {
      channel->abort();
      co_return;
    }
    pinged_id = id;
    pinged_at = std::chrono::steady_clock::now();
    send(FrameKind::ping, id, {});
    if (!watches) continue;
    auto waiting = wait_for_answer(timer);
    const bool goes_on = co_await std::move(waiting);
    if (!goes_on) co_return;
  }
}

/// False when the link has ended meanwhile.
asio::awaitable<bool> Link::State::wait_for_answer(asio::steady_timer& timer) {
  timer.expires_after(kLinkAnswerPatience);
  const auto [failed] = co_await timer.async_wait(kUse);
  if (failed || closed) co_return false;
  const bool is_silent = last_heard < pinged_at;
  if (is_silent && !std::exchange(was_silent, is_silent)) handlers.on_silence();
  was_silent = is_silent;
  co_return true;
}

asio::awaitable<Error> Link::State::read() {
  for (;;) {
    auto message = co_await channel->receive();
    if (!message) co_return message.error();
    last_heard = std::chrono::steady_clock::now();
    const auto frame = message->binary ? decode_frame(message->data) : Error(Errc::invalid, "a text message on a link");
    if (!frame) {
      channel->close(1002, frame.error().context);
      co_return frame.error();
    }
    receive(*frame);
  }
}

void Link::State::begin_call(const PendingPtr& wait) {
  if (closed || retiring) return wait->reply->give(Error(Errc::not_found, "the link is closed"));
  if (pending.size() >= kMaxLinkCalls) {
    return wait->reply->give(Error(Errc::limited, "too many calls over one link"));
  }
  const std::uint64_t id = next_id++;
  if (!send(FrameKind::call, id, encode_link_call(wait->call))) {
    return wait->reply->give(Error(Errc::limited, "the link's queue is full"));
  }
  wait->id = id;
  pending.emplace(id, wait);
}

void Link::State::fail_pending() {
  for (const auto& [id, wait] : std::exchange(pending, {})) {
    wait->reply->give(Error(Errc::unreachable, "the link broke before the answer"));
  }
}

void Link::State::abandon(const PendingPtr& wait) {
  if (pending.erase(wait->id) == 0) return;
  send(FrameKind::cancel, wait->id, {});
  close_when_retired();
}

Link::Link(net::ChannelPtr channel, LinkHandlers handlers, LogSink& log)
    : state_(std::make_shared<State>(std::move(channel), std::move(handlers), log)) {}

Link::~Link() = default;

asio::awaitable<Error> Link::run() {
  const auto state = state_;
  state->tasks.start("link pings", state->keep_alive());
  Error why(Errc::cancelled, "the link was cancelled");
  try {
    why = co_await state->read();
  } catch (const boost::system::system_error&) {
    // Cancelled with a message already waiting; what follows must run all the same.
  }
  state->closed = true;
  for (const auto& [id, signal] : std::map(state->running)) signal->emit(asio::cancellation_type::terminal);
  state->fail_pending();
  co_await asio::this_coro::reset_cancellation_state();
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return why;
}

asio::awaitable<void> Link::settle() {
  const auto state = state_;
  auto stopping = state->tasks.stop(kStopGrace);
  co_await std::move(stopping);
}

bool Link::send(FrameKind kind, std::string_view payload) { return state_->send(kind, 0, payload); }

asio::awaitable<Result<std::string>> Link::call(LinkCall call) {
  const auto state = state_;
  const asio::any_io_executor there = state->channel->executor(), here = co_await asio::this_coro::executor;
  const Monotonic until = std::chrono::steady_clock::now() + std::chrono::milliseconds(call.timeout_ms);
  const auto reply = std::make_shared<net::Reply<Result<std::string>>>(here, until);
  const auto wait = std::make_shared<Pending>(Pending{reply, std::move(call)});
  asio::post(there, [state, wait] { state->begin_call(wait); });
  auto waiting = reply->wait();
  auto outcome = co_await std::move(waiting);
  if (outcome) co_return std::move(*outcome);
  asio::post(there, [state, wait] { state->abandon(wait); });
  if (std::chrono::steady_clock::now() < until) co_return Error(Errc::cancelled, "the caller gave up");
  co_return Error(Errc::timeout, "no answer over the link in time");
}

std::optional<std::chrono::milliseconds> Link::clock_offset() const {
  const std::int64_t offset = state_->clock_offset_ms;
  return offset == kUnknownOffset ? std::nullopt : std::optional(std::chrono::milliseconds(offset));
}

void Link::close(std::string reason) { state_->channel->close(1000, std::move(reason)); }

void Link::give_up(std::string reason) {
  asio::post(state_->channel->executor(), [state = state_, reason = std::move(reason)]() mutable {
    state->closed = true;
    state->channel->close(1000, std::move(reason));
    state->fail_pending();
  });
}

void Link::retire() {
  asio::post(state_->channel->executor(), [state = state_] {
    state->retiring = true;
    state->close_when_retired();
  });
}

const auth::Caller& Link::peer() const noexcept { return state_->channel->peer(); }

}  // namespace p2p::membership

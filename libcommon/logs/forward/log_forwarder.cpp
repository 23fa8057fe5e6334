#include "logs/forward/log_forwarder.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"
#include "logs/forward/sent_window.hpp"
#include "logs/forward/syslog_text.hpp"
#include "logs/wake.hpp"
#include "net/outside_dial.hpp"

namespace p2p::logs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using std::chrono::milliseconds;

constexpr std::size_t kMaxCursorBytes = 200;
constexpr std::size_t kForwardBytes = 256 << 10;
/// How often acknowledgements are looked at while nothing else happens.
constexpr milliseconds kForwardTick{500};
/// What was sent and stays without an acknowledgement of TCP for so long shows that the server has vanished.
constexpr unsigned kUserTimeoutMilliseconds = 30'000;
constexpr milliseconds kGoodbye{1'000};

/// `in_order`: the server closed the connection, or we do; else it broke.
struct Ending {
  bool in_order = false;
  std::string why;
};

}  // namespace

/// Of the thread.
struct LogForwarder::State {
  asio::io_context loop{1};
  asio::cancellation_signal cancel;
  std::thread thread;
  SentWindow window{0};
  std::uint64_t saved = UINT64_MAX;
  Monotonic next_save{};
  bool warned = false;
  bool stopping = false;  // a cancellation that comes between two waits would go unnoticed
};

/// One connection: what is stored goes out, what comes back is dropped.
class LogForwarder::Connection {
 public:
  Connection(LogForwarder& owner, std::unique_ptr<net::Stream> stream, net::Traffic& traffic)
      : owner_(owner),
        stream_(std::move(stream)),
        traffic_(traffic),
        wake_(std::make_shared<Wake>(stream_->socket().get_executor())),
        position_(owner.state_->window.taken()) {
    ::setsockopt(stream_->socket().native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMilliseconds,
                 sizeof kUserTimeoutMilliseconds);
  }

  awaitable<Ending> run();

 private:
  awaitable<Ending> write();
  awaitable<Ending> read();
  awaitable<Result<bool>> send_some();
  awaitable<Result<bool>> send_records(const std::vector<StoredRecord>& records, std::uint64_t up_to);
  void look_at_acknowledgements();
  awaitable<void> say_goodbye();

  LogForwarder& owner_;
  std::unique_ptr<net::Stream> stream_;
  net::Traffic& traffic_;
  std::shared_ptr<Wake> wake_;
  std::uint64_t position_;  // what was sent, or needs not be
};

/// Servers answer nothing; the end of what they send is the end of the connection.
awaitable<Ending> LogForwarder::Connection::read() {
  std::array<char, 1024> dropped;
  for (;;) {
    const auto count = co_await stream_->read_some(dropped);
    if (!count) co_return Ending{false, stream_->describe(count.error())};
    if (*count == 0) co_return Ending{true, "the server closed the connection"};
  }
}

awaitable<Ending> LogForwarder::Connection::write() {
  const auto wake = wake_;
  const Hub::Subscription subscription(owner_.access_.hub, [wake] { wake->notify(); });
  for (;;) {
    wake_->arm();
    auto sending = send_some();
    const auto sent = co_await std::move(sending);
    if (!sent) co_return Ending{false, sent.error().context};
    look_at_acknowledgements();
    if (owner_.access_.clock.monotonic() >= owner_.state_->next_save) {
      auto saving = owner_.save_cursor();
      co_await std::move(saving);
    }
    if (!*sent) co_await wake_->wait(std::chrono::steady_clock::now() + kForwardTick);
  }
}

/// Sends what follows the position; false when there was nothing.
awaitable<Result<bool>> LogForwarder::Connection::send_some() {
  const auto news = owner_.access_.hub.after(position_, kForwardRecords);
  if (news.in_memory) {
    if (news.batches.empty()) co_return false;
    for (const auto& batch : news.batches) {
      auto sending = send_records(batch->records, batch->last_number);
      const auto sent = co_await std::move(sending);
      if (!sent) co_return sent;
    }
    co_return true;
  }
  Query query;
  query.order = Order::forward;
  query.position = position_;
  query.limit = kForwardRecords;
  auto work = [store = &owner_.access_.store, query] { return store->query(query); };
  const auto page = co_await owner_.access_.pool.run(std::move(work));
  if (!page) co_return page.error();
  auto sending = send_records(page->records, page->position);
  co_return co_await std::move(sending);
}

awaitable<Result<bool>> LogForwarder::Connection::send_records(const std::vector<StoredRecord>& records,
                                                               std::uint64_t up_to) {
  auto& window = owner_.state_->window;
  std::string text;
  std::uint64_t count = 0;
  WallTime stored_at{};  // of the first in the text
  for (const auto& stored : records) {
    if (stored.number <= position_) continue;
    if (stored_at == WallTime{}) stored_at = stored.record.received_at;
    if (!is_from_syslog(stored.record)) {
      append_syslog_message(text, stored.record);
      ++count;
    }
    position_ = stored.number;
    if (text.size() < kForwardBytes && &stored != &records.back()) continue;
    if (!window.oldest()) owner_.oldest_ = stored_at;
    const auto failed = co_await stream_->write_all(text);
    if (failed) co_return Error(Errc::unreachable, stream_->describe(failed));
    owner_.sent_count_ += count;
    window.sent(position_, traffic_.sent.get(), stored_at, owner_.access_.clock.monotonic());
    look_at_acknowledgements();
    text.clear();
    count = 0;
    stored_at = {};
  }
  if (up_to > position_) {
    position_ = up_to;
    window.sent(position_, traffic_.sent.get(), owner_.access_.clock.wall(), owner_.access_.clock.monotonic());
  }
  co_return true;
}

void LogForwarder::Connection::look_at_acknowledgements() {
  int waiting = 0;
  if (::ioctl(stream_->socket().native_handle(), SIOCOUTQ, &waiting) != 0) return;
  const std::uint64_t sent = traffic_.sent.get();
  auto& window = owner_.state_->window;
  window.acknowledged(sent - std::min(sent, static_cast<std::uint64_t>(waiting)), owner_.access_.clock.monotonic());
  owner_.note_taken();
}

/// Unread bytes at our end would reset the connection, and could take what is on its way with it.
awaitable<void> LogForwarder::Connection::say_goodbye() {
  stream_->shut_down();
  asio::steady_timer patience(stream_->socket().get_executor(), kGoodbye);
  patience.async_wait([stream = stream_.get()](boost::system::error_code error) {
    if (!error) stream->cancel();
  });
  co_await stream_->drain(1 << 20);
  look_at_acknowledgements();
}

awaitable<Ending> LogForwarder::Connection::run() {
  const auto executor = stream_->socket().get_executor();
  auto reader = read();
  auto writer = write();
  auto both = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(reader), asio::deferred),
                                                      asio::co_spawn(executor, std::move(writer), asio::deferred));
  const auto [order, read_failure, read_end, write_failure, write_end] =
      co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  if (owner_.state_->stopping) {
    auto parting = say_goodbye();
    co_await std::move(parting);
    co_return Ending{true, ""};
  }
  const std::exception_ptr& thrown = order[0] == 0 ? read_failure : write_failure;
  if (thrown) std::rethrow_exception(thrown);
  look_at_acknowledgements();
  co_return order[0] == 0 ? read_end : write_end;
}

Result<ForwardOptions> forward_options(const std::string& target, const std::string& roots,
                                       std::filesystem::path cursor_file) {
  constexpr std::size_t kScheme = 6;  // tcp://, tls://
  const auto server = net::parse_endpoint(std::string_view(target).substr(std::min(kScheme, target.size())), 0);
  if (!server) return server.error();
  ForwardOptions out{*server, {}, std::move(cursor_file)};
  if (!target.starts_with("tls://")) return out;
  auto trust = roots.empty() ? net::WebTrust::of_system() : net::WebTrust::of_roots(roots);
  if (!trust) return trust.error();
  out.trust = std::move(*trust);
  return out;
}

LogForwarder::LogForwarder(ForwardOptions options, LogAccess access, Random& random, LogSink& log)
    : options_(std::move(options)),
      access_(access),
      random_(random),
      log_(log, "Forward"),
      state_(std::make_unique<State>()),
      moved_(access.clock.monotonic()) {}

LogForwarder::~LogForwarder() { stop(); }

void LogForwarder::start() {
  auto task = run();
  asio::co_spawn(state_->loop, std::move(task),
                 asio::bind_cancellation_slot(state_->cancel.slot(), [this](const std::exception_ptr& failed) {
                   try {
                     if (failed) std::rethrow_exception(failed);
                   } catch (const std::exception& error) {
                     log_.error("nothing is forwarded any more: {}", error.what());
                   }
                 }));
  state_->thread = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "log-forward");
    state_->loop.run();
  });
}

void LogForwarder::stop() {
  if (!state_->thread.joinable()) return;
  asio::post(state_->loop, [this] {
    state_->stopping = true;
    state_->cancel.emit(asio::cancellation_type::terminal);
  });
  state_->thread.join();
}

awaitable<Result<void>> LogForwarder::load_cursor() {
  auto read = [file = options_.cursor_file] { return read_file(file, kMaxCursorBytes); };
  const auto text = co_await access_.pool.run(std::move(read));
  std::uint64_t number = access_.store.last_number();
  if (text) {
    const auto cursor = parse_cursor(trim(*text));
    const auto position = cursor ? access_.store.position_of(*cursor) : Result<std::uint64_t>(cursor.error());
    number = position ? *position : 0;
    if (!position) log_.warning("it begins with the oldest record: {}", position.error().context);
  } else if (text.error().kind() != Errc::not_found) {
    co_return text.error();
  }
  state_->window = SentWindow(number);
  note_taken();
  auto saving = save_cursor();
  co_await std::move(saving);
  co_return Result<void>();
}

awaitable<void> LogForwarder::save_cursor() {
  const std::uint64_t number = state_->window.taken();
  state_->next_save = access_.clock.monotonic() + kForwardSaveInterval;
  if (number == state_->saved) co_return;
  auto write = [file = options_.cursor_file, text = access_.store.cursor(number).to_text() + "\n"] {
    return write_file(file, text, kPublicMode);
  };
  const auto written = co_await access_.pool.run(std::move(write));
  if (written)
    state_->saved = number;
  else
    log_.warning("the cursor is not saved: {}", written.error().context);
}

void LogForwarder::note_taken() {
  const std::uint64_t number = state_->window.taken();
  // Where nothing is waited for, nothing stands still.
  if (number != taken_ || number >= access_.store.last_number()) moved_ = access_.clock.monotonic();
  taken_ = number;
  oldest_ = state_->window.oldest().value_or(WallTime{});
}

awaitable<Result<void>> LogForwarder::serve_one_connection() {
  const auto executor = co_await asio::this_coro::executor;
  net::Traffic traffic;
  net::CallWatch watch(executor, kForwardConnectTimeout);
  auto stream = co_await net::dial_outside(executor, options_.trust, options_.server, traffic, watch);
  if (!stream) co_return stream.error();
  if (state_->stopping) co_return Error(Errc::cancelled, "it was stopped");
  log_.info("sending records to {}", options_.server.to_text());
  connected_ = true;
  state_->warned = false;
  Connection connection(*this, std::move(*stream), traffic);
  auto running = connection.run();
  const auto ending = co_await std::move(running);
  connected_ = false;
  state_->window.connection_ended(ending.in_order);
  note_taken();
  co_return Error(Errc::unreachable, options_.server.to_text() + ": " + ending.why);
}

/// For lag(): when the first record that was not taken was stored.
awaitable<void> LogForwarder::note_oldest() {
  Query query;
  query.order = Order::forward;
  query.position = state_->window.taken();
  query.limit = 1;
  auto work = [store = &access_.store, query] { return store->query(query); };
  const auto page = co_await access_.pool.run(std::move(work));
  if (page) oldest_ = page->records.empty() ? WallTime{} : page->records[0].record.received_at;
}

awaitable<void> LogForwarder::run() {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto loading = load_cursor();
  const auto loaded = co_await std::move(loading);
  if (!loaded) {
    log_.error("nothing is forwarded: {}", loaded.error().context);
    co_return;
  }
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (milliseconds pause = kFirstForwardRetry; !state_->stopping; pause = std::min(2 * pause, kLastForwardRetry)) {
    const Monotonic begun = access_.clock.monotonic();
    auto serving = serve_one_connection();
    const auto served = co_await std::move(serving);
    auto saving = save_cursor();
    co_await std::move(saving);
    if (state_->stopping) co_return;
    if (!std::exchange(state_->warned, true)) log_.warning("{}; it is tried again", served.error().context);
    auto noting = note_oldest();
    co_await std::move(noting);
    if (state_->stopping) co_return;
    if (access_.clock.monotonic() - begun > kLastForwardRetry) pause = kFirstForwardRetry;
    timer.expires_after(pause / 2 + milliseconds(random_.below(static_cast<std::uint64_t>(pause.count()))));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

milliseconds LogForwarder::lag() const {
  if (taken_ >= access_.store.last_number()) return milliseconds{0};
  const WallTime oldest = oldest_;
  if (oldest == WallTime{}) return milliseconds{0};
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(access_.clock.wall() - oldest));
}

bool LogForwarder::is_in_trouble() const {
  return taken_ < access_.store.last_number() && access_.clock.monotonic() - moved_.load() >= kForwardPatience;
}

}  // namespace p2p::logs

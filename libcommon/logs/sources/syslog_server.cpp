#include "logs/sources/syslog_server.hpp"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <ctime>
#include <list>
#include <thread>

#include "logs/sources/syslog_framing.hpp"
#include "logs/sources/syslog_message.hpp"
#include "logs/sources/syslog_sockets.hpp"
#include "net/exhaustion.hpp"

namespace p2p::logs {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Readable = asio::posix::stream_descriptor;

/// What one socket may hand over before the others have their turn.
constexpr int kReadsPerTurn = 64;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::chrono::milliseconds kFullPause{50};
/// A warning that repeats itself comes once in this time.
constexpr std::chrono::seconds kWarningInterval{60};

WallTime wall_of_local(const CivilTime& local) {
  std::tm parts{};
  parts.tm_year = local.year - 1900;
  parts.tm_mon = local.month - 1;
  parts.tm_mday = local.day;
  parts.tm_hour = local.hour;
  parts.tm_min = local.minute;
  parts.tm_sec = local.second;
  parts.tm_isdst = -1;
  return WallTime(std::chrono::seconds(std::mktime(&parts)));
}

std::string own_hostname() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

awaitable<bool> wait_readable(Readable& socket) {
  const auto [failed] = co_await socket.async_wait(Readable::wait_read, asio::as_tuple(asio::use_awaitable));
  co_return !failed;
}

}  // namespace

class SyslogServer::Impl {
 public:
  Impl(std::vector<std::string> addresses, SourceSink& sink, const Clock& clock, LogSink& log)
      : addresses_(std::move(addresses)), sink_(sink), clock_(clock), log_(log, "Syslog"), hostname_(own_hostname()) {}

  Result<void> start();
  void stop();
  std::vector<std::string> listening_at() const;

 private:
  struct Listening {
    SyslogSocket socket;
    Readable readable;
  };
  struct Connection {
    Readable socket;
    std::string from;
    Monotonic last_read;
    SyslogFramer framer{};
  };
  using Connections = std::list<Connection>;

  void spawn(awaitable<void> task);
  awaitable<void> accept(Readable& listener);
  awaitable<void> read_stream(Connections::iterator connection);
  awaitable<void> read_datagrams(Readable& socket);
  bool make_place();
  bool read_some(Connection& connection);
  bool receive_some(int descriptor, std::uint32_t& lost);
  void submit(std::string_view text, std::size_t bytes, const std::string& from);
  void warn(const char* what);

  const std::vector<std::string> addresses_;
  SourceSink& sink_;
  const Clock& clock_;
  Logger log_;
  const std::string hostname_;
  asio::io_context loop_{1};
  std::list<Listening> listening_;
  std::thread thread_;
  // Of the thread.
  bool stopping_ = false;
  Connections connections_;
  Monotonic next_warning_{};
  std::array<char, kReadBytes> buffer_{};
};

Result<void> SyslogServer::Impl::start() {
  for (const auto& address : addresses_) {
    auto socket = open_syslog_socket(address);
    if (!socket) {
      stop();
      return socket.error();
    }
    const int descriptor = socket->descriptor.release();
    listening_.push_back({std::move(*socket), Readable(loop_, descriptor)});
  }
  for (auto& one : listening_) {
    log_.info("taking syslog at {}", one.socket.address);
    spawn(one.socket.transport == SyslogTransport::tcp ? accept(one.readable) : read_datagrams(one.readable));
  }
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "syslog");
    loop_.run();
  });
  return {};
}

void SyslogServer::Impl::stop() {
  if (thread_.joinable()) {
    asio::post(loop_, [this] {
      stopping_ = true;
      for (auto& one : listening_) one.readable.cancel();
      for (auto& one : connections_) one.socket.cancel();
    });
    thread_.join();
  }
  for (const auto& one : listening_) {
    if (!one.socket.path.empty()) ::unlink(one.socket.path.c_str());
  }
  listening_.clear();
}

std::vector<std::string> SyslogServer::Impl::listening_at() const {
  std::vector<std::string> out;
  for (const auto& one : listening_) out.push_back(one.socket.address);
  return out;
}

/// The loop ends when all tasks have.
void SyslogServer::Impl::spawn(awaitable<void> task) {
  asio::co_spawn(loop_, std::move(task), [this](const std::exception_ptr& failed) {
    try {
      if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& error) {
      log_.error("a socket is not read any more: {}", error.what());
    }
  });
}

awaitable<void> SyslogServer::Impl::accept(Readable& listener) {
  asio::steady_timer pause(loop_);
  while (!stopping_) {
    const bool readable = co_await wait_readable(listener);
    if (!readable) co_return;
    Descriptor accepted(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted && net::is_exhaustion(errno)) {
      pause.expires_after(kFullPause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (!accepted) continue;
    if (!make_place()) {
      warn("more connections than are taken; one was refused");
      continue;
    }
    std::string from = peer_address(accepted.get());
    connections_.push_back({Readable(loop_, accepted.release()), std::move(from), clock_.monotonic()});
    spawn(read_stream(std::prev(connections_.end())));
  }
}

/// False when there are as many connections as may be, all of them in use.
bool SyslogServer::Impl::make_place() {
  if (connections_.size() < kMaxSyslogConnections) return true;
  const auto oldest = std::min_element(connections_.begin(), connections_.end(),
                                       [](const auto& a, const auto& b) { return a.last_read < b.last_read; });
  if (clock_.monotonic() - oldest->last_read < kReplaceableIdle) return false;
  oldest->last_read = Monotonic::max();  // it is on its way out
  ::shutdown(oldest->socket.native_handle(), SHUT_RD);
  return true;
}

awaitable<void> SyslogServer::Impl::read_stream(Connections::iterator connection) {
  asio::steady_timer pause(loop_);
  for (bool open = true; open;) {
    // What has come until the end is read too.
    if (!stopping_) co_await wait_readable(connection->socket);
    open = read_some(*connection) && !stopping_;
    while (open && !sink_.has_room() && !stopping_) {
      pause.expires_after(kFullPause);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  if (const auto last = connection->framer.finish()) submit(last->text, last->bytes, connection->from);
  connections_.erase(connection);
}

/// False at the end of the connection.
bool SyslogServer::Impl::read_some(Connection& connection) {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t count = ::read(connection.socket.native_handle(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 && errno == EAGAIN;
    if (connection.last_read != Monotonic::max()) connection.last_read = clock_.monotonic();
    for (const auto& frame : connection.framer.feed({buffer_.data(), static_cast<std::size_t>(count)}))
      submit(frame.text, frame.bytes, connection.from);
  }
  return true;
}

awaitable<void> SyslogServer::Impl::read_datagrams(Readable& socket) {
  std::uint32_t lost = 0;
  for (bool more = true; more || !stopping_;) {
    if (!stopping_) co_await wait_readable(socket);
    more = receive_some(socket.native_handle(), lost);
  }
}

/// False when all that had come was read.
bool SyslogServer::Impl::receive_some(int descriptor, std::uint32_t& lost) {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const auto datagram = receive_datagram(descriptor, buffer_.data(), buffer_.size());
    if (!datagram.is_there) return false;
    if (datagram.lost != lost) warn("datagrams come faster than they are read, and some were lost");
    lost = datagram.lost;
    const std::string_view text(buffer_.data(), std::min(datagram.bytes, buffer_.size()));
    submit(text.substr(0, kKeptSyslogBytes), datagram.bytes, datagram.from);
  }
  return true;
}

void SyslogServer::Impl::submit(std::string_view text, std::size_t bytes, const std::string& from) {
  const SyslogArrival arrival{clock_.wall(), from, from.empty() ? hostname_ : from, &wall_of_local};
  LogRecord record = parse_syslog(text, arrival);
  if (bytes > text.size()) cut_message(record, record.message.size() + bytes - text.size());
  sink_.submit(std::move(record), {});
}

void SyslogServer::Impl::warn(const char* what) {
  const auto now = clock_.monotonic();
  if (now < next_warning_) return;
  next_warning_ = now + kWarningInterval;
  log_.warning("{}", what);
}

SyslogServer::SyslogServer(std::vector<std::string> addresses, SourceSink& sink, const Clock& clock, LogSink& log)
    : impl_(std::make_unique<Impl>(std::move(addresses), sink, clock, log)) {}
SyslogServer::~SyslogServer() { impl_->stop(); }
Result<void> SyslogServer::start() { return impl_->start(); }
void SyslogServer::stop() { impl_->stop(); }
std::vector<std::string> SyslogServer::listening_at() const { return impl_->listening_at(); }

}  // namespace p2p::logs

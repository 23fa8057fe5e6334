#include "services/node_socket.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "base/file.hpp"
#include "services/line_splitter.hpp"
#include "services/stdio_session.hpp"

namespace p2p::services {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::local::stream_protocol;

namespace {

constexpr auto kUseTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kSocketReadBytes = 16 * 1024;
/// After accept() failed (no descriptor is free).
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

/// Where one service connects.
struct NodeSocket::Door {
  Door(const asio::any_io_executor& loop, std::string name, fs::path socket_path)
      : service(std::move(name)), path(std::move(socket_path)), acceptor(loop), room(loop, Monotonic::max()) {}

  const std::string service;
  const fs::path path;
  stream_protocol::acceptor acceptor;
  asio::steady_timer room;  // cancelled when a connection has ended
  std::size_t connection_count = 0;
};

struct NodeSocket::Connection {
  Connection(std::shared_ptr<Door> through, Socket accepted)
      : door(std::move(through)),
        socket(std::move(accepted)),
        room(socket.get_executor(), Monotonic::max()),
        gone(socket.get_executor(), Monotonic::max()) {
    ++door->connection_count;
  }
  ~Connection() {
    --door->connection_count;
    door->room.cancel();
  }

  std::shared_ptr<Door> door;
  Socket socket;
  asio::steady_timer room;  // cancelled when a call has ended
  asio::steady_timer gone;  // expires when either side has closed it
  std::size_t call_count = 0;
  std::string unread;  // answers that are not being written yet
  bool writing = false;
};

NodeSocket::NodeSocket(asio::any_io_executor loop, fs::path folder, Answer answer, LogSink& log)
    : loop_(std::move(loop)),
      folder_(std::move(folder)),
      answer_(std::move(answer)),
      log_(log, "Services"),
      tasks_(loop_, log) {}

NodeSocket::~NodeSocket() = default;

Result<fs::path> NodeSocket::open(const std::string& service) {
  if (const auto open = doors_.find(service); open != doors_.end()) return open->second->path;
  const fs::path path = folder_ / service;
  if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return Error(Errc::invalid, fmt::format("{}: longer than the name of a socket may be", path.string()));
  }
  if (auto made = make_folder(folder_); !made) return made.error();
  std::error_code absent;
  fs::remove(path, absent);  // of a run before
  auto door = std::make_shared<Door>(loop_, service, path);
  boost::system::error_code failed;
  door->acceptor.open(stream_protocol(), failed);
  if (!failed) door->acceptor.bind(stream_protocol::endpoint(path.string()), failed);
  if (!failed) door->acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return Error(failed, path.string());
  doors_[service] = door;
  tasks_.start("socket of " + service, accept(door));
  return path;
}

void NodeSocket::close(const std::string& service) {
  const auto open = doors_.find(service);
  if (open == doors_.end()) return;
  // At once: the next of this name may open before the last connection of this one has ended.
  std::error_code absent;
  fs::remove(open->second->path, absent);
  open->second->acceptor.close();
  open->second->room.cancel();
  doors_.erase(open);
}

asio::awaitable<void> NodeSocket::stop(std::chrono::milliseconds limit) {
  while (!doors_.empty()) close(doors_.begin()->first);
  co_await tasks_.stop(limit);
}

asio::awaitable<void> NodeSocket::accept(std::shared_ptr<Door> door) {
  asio::steady_timer pause(loop_);
  while (door->acceptor.is_open()) {
    if (door->connection_count >= kMaxSocketConnections) {
      co_await door->room.async_wait(kUseTuple);
      continue;
    }
    auto [failed, socket] = co_await door->acceptor.async_accept(kUseTuple);
    if (!failed) {
      const auto connection = std::make_shared<Connection>(door, std::move(socket));
      watch_end(connection);
      tasks_.start("calls of " + door->service, serve(connection));
    } else if (door->acceptor.is_open()) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kUseTuple);
    }
  }
}

/// That a program ends only its writing, as `nc -N` does, is no error here: it still reads.
void NodeSocket::watch_end(const std::shared_ptr<Connection>& connection) {
  connection->socket.async_wait(Socket::wait_error, [weak = std::weak_ptr(connection)](boost::system::error_code) {
    if (const auto ended = weak.lock()) ended->gone.expires_at(Monotonic::min());
  });
}

/// Reads requests until the program has no more. Answers to those before still go out, as long as it can read them.
asio::awaitable<void> NodeSocket::serve(std::shared_ptr<Connection> connection) {
  LineSplitter lines(kMaxMessageBytes);
  std::array<char, kSocketReadBytes> chunk;
  while (connection->socket.is_open()) {
    auto [failed, count] = co_await connection->socket.async_read_some(asio::buffer(chunk), kUseTuple);
    if (failed) co_return;
    for (std::string& line : lines.feed({chunk.data(), count})) {
      while (connection->call_count >= kMaxSocketCalls) co_await connection->room.async_wait(kUseTuple);
      if (line.size() >= kMaxMessageBytes) {
        log_.warning("service {} sent a request that is too long to its node", connection->door->service);
        connection->socket.close();
        co_return;
      }
      ++connection->call_count;
      tasks_.start("a call of " + connection->door->service, answer(connection, std::move(line)));
    }
  }
}

asio::awaitable<void> NodeSocket::answer(std::shared_ptr<Connection> connection, std::string text_of_request) {
  // By reference, which fits into a std::function: no call pays for what few of them use.
  const auto has_room = [&connection] { return connection->unread.size() <= kMaxUnreadProgressBytes; };
  const auto say = [this, &connection](const std::string& line) { tell(connection, line); };
  SocketRequest request{connection->door->service, std::move(text_of_request), has_room, say};
  auto answering = asio::co_spawn(loop_, answer_(std::move(request)), asio::deferred);
  auto leaving = connection->gone.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(answering), std::move(leaving));
  const auto [order, failure, text, unused] =
      co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  --connection->call_count;
  connection->room.cancel();
  if (failure && order[0] == 0) std::rethrow_exception(failure);
  if (!text.empty() && queue(*connection, text) && !connection->writing) co_await write(connection);
}

bool NodeSocket::queue(Connection& connection, std::string_view line) {
  if (connection.unread.size() + line.size() > kMaxUnreadBytes) {
    log_.warning("service {} does not read the answers of its node", connection.door->service);
    connection.socket.close();
    return false;
  }
  connection.unread += line;
  connection.unread += '\n';
  return true;
}

void NodeSocket::tell(const std::shared_ptr<Connection>& connection, const std::string& line) {
  if (!queue(*connection, line) || connection->writing) return;
  connection->writing = true;  // from now on, not from when the task gets its turn
  tasks_.start("lines for " + connection->door->service, write(connection));
}

asio::awaitable<void> NodeSocket::write(std::shared_ptr<Connection> connection) {
  connection->writing = true;
  while (!connection->unread.empty() && connection->socket.is_open()) {
    const std::string bytes = std::exchange(connection->unread, {});
    const auto [failed, count] = co_await asio::async_write(connection->socket, asio::buffer(bytes), kUseTuple);
    if (failed) connection->socket.close();
  }
  connection->writing = false;
}

}  // namespace p2p::services

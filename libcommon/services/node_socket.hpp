// The unix sockets on which programs of services call methods through their node: one for each service, so that the
// node knows who asks. JSON-RPC 2.0, a request a line, answered in any order; man/p2p-service.5 is the reference.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log_sink.hpp"
#include "net/task_group.hpp"

namespace p2p::services {

/// Of one service; further ones wait to be accepted.
inline constexpr std::size_t kMaxSocketConnections = 64;
/// Under way for one connection; further requests wait to be read.
inline constexpr std::size_t kMaxSocketCalls = 64;
/// While a program has not read this much, no progress is added to it.
inline constexpr std::size_t kMaxUnreadProgressBytes = 1 << 20;
/// Answers that a program does not read; past it the connection is closed.
inline constexpr std::size_t kMaxUnreadBytes = 8 << 20;

/// One line of a program. The functions are for the loop of the socket, until the request is answered.
struct SocketRequest {
  std::string service;
  std::string text;                       ///< JSON-RPC
  std::function<bool()> has_room;         ///< the program has read what it was told, or nearly
  std::function<void(std::string)> tell;  ///< sends a line before the answer
};

/// Every member is called on the loop that it was made with, one thread.
class NodeSocket {
 public:
  /// The answer to one request, JSON-RPC text; empty for a notification. Never throws but for cancellation, which comes
  /// when the program closes the connection.
  using Answer = std::function<boost::asio::awaitable<std::string>(SocketRequest)>;

  /// The sockets are in `folder`, which is made. References must outlive this.
  NodeSocket(boost::asio::any_io_executor loop, std::filesystem::path folder, Answer answer, LogSink& log);
  ~NodeSocket();

  /// Listens for the service from now on, and returns the path; again, it is the same. `invalid` when that is longer
  /// than a socket's name may be.
  Result<std::filesystem::path> open(const std::string& service);
  /// No new connections, and the path is gone; those that are open may end.
  void close(const std::string& service);
  /// Closes everything.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);

 private:
  using Socket = boost::asio::local::stream_protocol::socket;
  struct Door;
  struct Connection;

  boost::asio::awaitable<void> accept(std::shared_ptr<Door> door);
  boost::asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
  /// Calls under way are cancelled once the connection is closed.
  static void watch_end(const std::shared_ptr<Connection>& connection);
  boost::asio::awaitable<void> answer(std::shared_ptr<Connection> connection, std::string text_of_request);
  void tell(const std::shared_ptr<Connection>& connection, const std::string& line);
  /// False when the connection had to be closed, as its program does not read.
  bool queue(Connection& connection, std::string_view line);
  boost::asio::awaitable<void> write(std::shared_ptr<Connection> connection);

  boost::asio::any_io_executor loop_;
  std::filesystem::path folder_;
  Answer answer_;
  Logger log_;
  net::TaskGroup tasks_;
  std::map<std::string, std::shared_ptr<Door>> doors_;
};

}  // namespace p2p::services

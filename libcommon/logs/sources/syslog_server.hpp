// Takes syslog from programs and machines: UDP, TCP and a unix socket, on a thread of its own.
//
// Syslog knows no authentication: whoever reaches the address may write what it likes, in any host's name. Records say
// where they came from (`from`), and the address should be a loopback one or within a network that is trusted.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log_sink.hpp"
#include "logs/sources/source_sink.hpp"

namespace p2p::logs {

/// Of all addresses together. One more takes the place of the connection that has been silent longest, if that is
/// kReplaceableIdle at least; else it is closed. Silent ones are kept otherwise, as senders notice a closed connection
/// only when a message is lost; keep-alive finds dead ones.
inline constexpr std::size_t kMaxSyslogConnections = 256;
inline constexpr std::chrono::seconds kReplaceableIdle{60};
/// What the kernel holds of datagrams until they are read, if it lets us.
inline constexpr int kDatagramBufferBytes = 4 << 20;

/// start() and stop() belong to one thread.
class SyslogServer {
 public:
  /// Each address is `tcp://HOST:PORT`, `udp://HOST:PORT` or `unix:///PATH` (datagrams, as /dev/log). All must outlive
  /// the server.
  SyslogServer(std::vector<std::string> addresses, SourceSink& sink, const Clock& clock, LogSink& log);
  ~SyslogServer();  ///< stop()

  /// Binds every address and begins to read. Resolves names, and so may block for a moment. `exists`: something listens
  /// there; `not_permitted`: a port or folder that this user may not use.
  ///
  /// A unix socket is for every user of the machine (mode 0666), as /dev/log is; its folder can say otherwise. One that
  /// nobody listens on is replaced.
  Result<void> start();
  /// Hands over what was received, closes everything and removes unix sockets.
  void stop();

  /// The addresses in use with the ports that the kernel chose, in the order of the constructor.
  std::vector<std::string> listening_at() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace p2p::logs

// The sockets of a SyslogServer: from a configured address to something that can be read.
#pragma once

#include <cstdint>
#include <string>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace p2p::logs {

enum class SyslogTransport : unsigned char { tcp, udp, local };

struct SyslogSocket {
  SyslogTransport transport = SyslogTransport::udp;
  Descriptor descriptor;  ///< bound, non-blocking, listening if it is TCP
  std::string address;    ///< in the form that was configured, with the port that the kernel chose
  std::string path{};     ///< of a unix socket, to be removed at the end
};

/// SyslogServer::start() says which errors there are and what becomes of a unix socket's file.
Result<SyslogSocket> open_syslog_socket(const std::string& address);

/// One datagram, read without waiting.
struct Datagram {
  bool is_there = false;
  std::size_t bytes = 0;   ///< as sent; what is over the buffer is lost
  std::string from{};      ///< the sender's address; empty on a unix socket
  std::uint32_t lost = 0;  ///< how many the kernel has dropped on this socket so far
};
Datagram receive_datagram(int descriptor, char* into, std::size_t size);

/// The peer of a connected socket: its address without the port.
std::string peer_address(int descriptor);

}  // namespace p2p::logs

#include "logs/sources/syslog_sockets.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "logs/sources/syslog_server.hpp"

namespace p2p::logs {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0666;
/// A dead peer of a silent connection is found within about two minutes.
constexpr int kKeepAliveIdleSeconds = 60, kKeepAliveIntervalSeconds = 15, kKeepAliveProbes = 4;

Error bind_failure(int code, const std::string& address) {
  if (code == EADDRINUSE) return {Errc::exists, address + " is in use"};
  if (code == EACCES || code == EPERM) return {Errc::not_permitted, address + " needs more rights"};
  return system_error(code, "listening at " + address);
}

void set(int socket, int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); }

void enlarge_buffer(int socket) {
  int bytes = kDatagramBufferBytes;
  // Past net.core.rmem_max only with CAP_NET_ADMIN.
  if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    set(socket, SOL_SOCKET, SO_RCVBUF, bytes);
  set(socket, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
      ::inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text.data(), text.size());
    else
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

std::uint16_t port_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<SyslogSocket> open_network(const std::string& address, SyslogTransport transport) {
  constexpr std::size_t kScheme = 6;  // tcp://, udp://
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(kScheme, colon - kScheme);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = transport == SyslogTransport::tcp ? SOCK_STREAM : SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found); failed != 0)
    return Error(Errc::invalid, fmt::format("listening at {}: {}", address, ::gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Descriptor socket(::socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "making a socket for " + address);
  if (transport == SyslogTransport::tcp) {
    set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    // Accepted sockets inherit these.
    set(socket.get(), SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
    set(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
    set(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  } else {
    enlarge_buffer(socket.get());
  }
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return bind_failure(errno, address);
  if (transport == SyslogTransport::tcp && ::listen(socket.get(), kBacklog) != 0) return bind_failure(errno, address);
  const auto place = fmt::format("{}:{}", address.substr(0, colon), port_of(socket.get()));
  return SyslogSocket{transport, std::move(socket), place};
}

/// Removes a socket that nobody listens on.
Result<void> remove_stale(const sockaddr_un& place, const std::string& address) {
  struct stat status {};
  if (::lstat(place.sun_path, &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return Error(Errc::exists, address + ": there is a file that is no socket");
  const Descriptor probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0 || errno != ECONNREFUSED)
    return Error(Errc::exists, address + " is in use");
  if (::unlink(place.sun_path) != 0) return system_error(errno, "removing the stale " + address);
  return {};
}

Result<SyslogSocket> open_local(const std::string& address) {
  constexpr std::size_t kScheme = 7;  // unix://
  const std::string path = address.substr(kScheme);
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  if (path.size() >= sizeof place.sun_path)
    return Error(Errc::invalid,
                 fmt::format("{}: a socket's path has at most {} bytes", address, sizeof place.sun_path - 1));
  path.copy(place.sun_path, path.size());
  if (auto removed = remove_stale(place, address); !removed) return removed.error();
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "making a socket for " + address);
  enlarge_buffer(socket.get());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0)
    return bind_failure(errno, address);
  SyslogSocket out{SyslogTransport::local, std::move(socket), address, path};
  if (::chmod(place.sun_path, kSocketMode) != 0) return system_error(errno, "opening " + address + " to all users");
  return out;
}

}  // namespace

Result<SyslogSocket> open_syslog_socket(const std::string& address) {
  if (address.starts_with("unix://")) return open_local(address);
  return open_network(address, address.starts_with("tcp://") ? SyslogTransport::tcp : SyslogTransport::udp);
}

Datagram receive_datagram(int descriptor, char* into, std::size_t size) {
  sockaddr_storage sender{};
  iovec piece{into, size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> control{};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(descriptor, &message, MSG_DONTWAIT | MSG_TRUNC);
  if (count < 0) return {};
  Datagram out{true, static_cast<std::size_t>(count)};
  if (message.msg_namelen > 0) out.from = text_of(sender);
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&out.lost, CMSG_DATA(item), sizeof out.lost);
  }
  return out;
}

std::string peer_address(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return text_of(address);
}

}  // namespace p2p::logs

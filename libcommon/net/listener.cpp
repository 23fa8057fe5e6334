#include "net/listener.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/descriptor.hpp"

namespace p2p::net {
namespace {

// What is in flight to a peer that has vanished is given up after this; accepted sockets inherit it.
constexpr unsigned kUserTimeoutMilliseconds = 30'000;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool ipv6 = false;

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  in_port_t& port() {
    return ipv6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                : reinterpret_cast<sockaddr_in*>(&storage)->sin_port;
  }
};

Result<Address> parse_address(const std::string& text, std::uint16_t port) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    out.storage.ss_family = AF_INET;
    out.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    out.storage.ss_family = AF_INET6;
    out.size = sizeof(sockaddr_in6);
    out.ipv6 = true;
  } else {
    return Error(Errc::invalid, fmt::format("\"{}\" is not an IP address to listen on", text));
  }
  out.port() = htons(port);
  return out;
}

void set_option(int socket, int level, int name, int value) { ::setsockopt(socket, level, name, &value, sizeof value); }

Error bind_error(int code, const std::string& address, std::uint16_t port) {
  const std::string where = fmt::format("port {} on {}", port, address);
  if (code == EADDRINUSE) return Error(Errc::exists, where + " is in use");
  if (code == EACCES) return Error(Errc::not_permitted, where + " needs more rights");
  if (code == EADDRNOTAVAIL) return Error(Errc::invalid, address + " is not an address of this machine");
  return system_error(code, "listening at " + where);
}

/// A bound socket; `shared` sets SO_REUSEPORT.
Result<Descriptor> bind_one(Address& address, const std::string& text, bool shared) {
  Descriptor out(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (out.get() < 0) return system_error(errno, "making a socket for " + text);
  set_option(out.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) set_option(out.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.ipv6) set_option(out.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(out.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(out.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMilliseconds);
  if (::bind(out.get(), address.raw(), address.size) != 0) return bind_error(errno, text, ntohs(address.port()));
  return out;
}

}  // namespace

Result<Listeners> listen_on(const std::string& text, std::uint16_t port, std::size_t count) {
  auto address = parse_address(text, port);
  if (!address) return address.error();
  // With SO_REUSEPORT a bind would succeed beside another process of this user that set it too; without, it tells.
  if (port != 0) {
    auto probe = bind_one(*address, text, false);
    if (!probe) return probe.error();
    if (::listen(probe->get(), 1) != 0) return bind_error(errno, text, port);
  }
  std::vector<Descriptor> bound;
  for (std::size_t i = 0; i < count; ++i) {
    auto one = bind_one(*address, text, true);
    if (!one) return one.error();
    socklen_t size = address->size;
    ::getsockname(one->get(), address->raw(), &size);  // the port that the kernel chose
    if (::listen(one->get(), SOMAXCONN) != 0) return bind_error(errno, text, ntohs(address->port()));
    bound.push_back(std::move(*one));
  }
  Listeners out;
  out.port = ntohs(address->port());
  out.ipv6 = address->ipv6;
  for (auto& one : bound) out.sockets.push_back(one.release());
  return out;
}

}  // namespace p2p::net

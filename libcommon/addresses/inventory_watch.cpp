#include "addresses/inventory_watch.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <vector>

#include "addresses/loss.hpp"
#include "addresses/rtnetlink_messages.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "base/descriptor.hpp"

namespace p2p::addresses {
namespace {

namespace asio = boost::asio;

/// Room for a burst; without the privilege for it the kernel's own limit holds.
constexpr int kBufferBytes = 4 << 20;
/// A notice is smaller; a datagram that does not fit is counted as lost.
constexpr std::size_t kDatagramBytes = 64 * 1024;
/// So many are read before others of the loop have their turn.
constexpr int kDatagramsAtOnce = 512;

constexpr int kGroups[] = {RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                           RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};

Result<Descriptor> subscribe() {
  Descriptor out(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!out) return system_error(errno, "cannot open a netlink socket");
  if (::setsockopt(out.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes) != 0) {
    ::setsockopt(out.get(), SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
  }
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&self), sizeof self) != 0) {
    return system_error(errno, "cannot bind a netlink socket");
  }
  for (const int group : kGroups) {
    if (::setsockopt(out.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return system_error(errno, "cannot subscribe to the kernel's notices of the network");
    }
  }
  return out;
}

}  // namespace

struct InventoryWatch::Impl {
  Impl(const asio::any_io_executor& executor, const Clock& time, Settling::Settings settings, RtnetlinkReader from)
      : clock(time),
        reader(std::move(from)),
        settling(settings, time.monotonic()),
        notices(executor),
        timer(executor) {}

  /// Whether something was lost. All notices that are there are taken, up to kDatagramsAtOnce.
  bool take_notices();
  bool take_datagram(std::size_t size);
  bool take(nlmsghdr* message);
  /// Everything anew; whether anything is different.
  Result<bool> read();
  asio::awaitable<void> wait();

  const Clock& clock;
  RtnetlinkReader reader;
  Settling settling;
  asio::posix::stream_descriptor notices;
  asio::steady_timer timer;
  std::vector<char> buffer = std::vector<char>(kDatagramBytes);
  Inventory inventory;
};

bool InventoryWatch::Impl::take_notices() {
  bool lost = false;
  for (int i = 0; i < kDatagramsAtOnce; ++i) {
    sockaddr_nl from{};
    iovec part{buffer.data(), buffer.size()};
    msghdr head{};
    head.msg_name = &from;
    head.msg_namelen = sizeof from;
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    const ssize_t size = ::recvmsg(notices.native_handle(), &head, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != ENOBUFS) break;
    if (size < 0 || (head.msg_flags & MSG_TRUNC) != 0) {
      settling.overflowed(clock.monotonic());
      continue;
    }
    // Processes can send here as well; only what comes from the kernel counts.
    if (from.nl_pid == 0) lost = take_datagram(static_cast<std::size_t>(size)) || lost;
  }
  return lost;
}

bool InventoryWatch::Impl::take_datagram(std::size_t size) {
  bool lost = false;
  auto* message = reinterpret_cast<nlmsghdr*>(buffer.data());
  auto left = static_cast<unsigned>(size);
  for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    settling.changed(clock.monotonic());
    lost = take(message) || lost;
  }
  return lost;
}

bool InventoryWatch::Impl::take(nlmsghdr* message) {
  switch (message->nlmsg_type) {
    case RTM_NEWLINK: {
      const auto link = read_link(message);
      return link && lose_by_state(inventory, *link);
    }
    case RTM_DELLINK: {
      const auto link = read_link(message);
      return link && lose_link(inventory, link->index);
    }
    case RTM_DELADDR: {
      const auto address = read_address(message);
      return address && lose_address(inventory, *address);
    }
    case RTM_DELROUTE: {
      bool lost = false;
      for (const Route& route : read_routes(message)) lost = lose_route(inventory, route) || lost;
      return lost;
    }
    default: return false;
  }
}

Result<bool> InventoryWatch::Impl::read() {
  auto now_there = reader.read();
  settling.looked(clock.monotonic());
  if (!now_there) return now_there.error();
  const bool differs = !(*now_there == inventory);
  inventory = std::move(*now_there);
  return differs;
}

asio::awaitable<void> InventoryWatch::Impl::wait() {
  timer.expires_at(settling.next_look());
  auto reading = notices.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred);
  auto expiring = timer.async_wait(asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(reading), std::move(expiring));
  co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
}

InventoryWatch::InventoryWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InventoryWatch::~InventoryWatch() = default;

Result<std::unique_ptr<InventoryWatch>> InventoryWatch::open(const asio::any_io_executor& executor, const Clock& clock,
                                                             Settling::Settings settings) {
  auto socket = subscribe();
  if (!socket) return socket.error();
  auto reader = RtnetlinkReader::open();
  if (!reader) return reader.error();
  auto impl = std::make_unique<Impl>(executor, clock, settings, std::move(*reader));
  impl->notices.assign(socket->release());
  if (const auto done = impl->read(); !done) return done.error();
  return std::unique_ptr<InventoryWatch>(new InventoryWatch(std::move(impl)));
}

const Inventory& InventoryWatch::current() const noexcept { return impl_->inventory; }

Result<RouteAnswer> InventoryWatch::route_to(const IpAddress& target, const std::optional<IpAddress>& source) {
  return impl_->reader.route_to(target, source);
}

asio::awaitable<Result<void>> InventoryWatch::changed() {
  for (;;) {
    if (impl_->take_notices()) co_return Result<void>{};
    if (impl_->settling.is_due(impl_->clock.monotonic())) {
      const auto differs = impl_->read();
      if (!differs) co_return differs.error();
      if (*differs) co_return Result<void>{};
    }
    co_await impl_->wait();
  }
}

}  // namespace p2p::addresses

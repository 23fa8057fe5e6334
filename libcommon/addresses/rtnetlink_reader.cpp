#include "addresses/rtnetlink_reader.hpp"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "addresses/rtnetlink_messages.hpp"

namespace p2p::addresses {
namespace {

/// A dump during which something changed is made again, this often.
constexpr int kAttempts = 5;
constexpr int kMessageBytes = 32 * 1024;  // what the kernel fills at most
constexpr timeval kPatience{2, 0};        // never needed: the answer is there when the request returns

struct SocketCloser {
  void operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }
};
using SocketPtr = std::unique_ptr<nl_sock, SocketCloser>;

struct MessageFreer {
  void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};
using MessagePtr = std::unique_ptr<nl_msg, MessageFreer>;

/// False: enough.
using Take = std::function<bool(nlmsghdr* message)>;

Error failure_of(int code, const char* what) {
  return Error(Errc::failed, fmt::format("{}: {}", what, nl_geterror(code)));
}

Result<SocketPtr> open_socket() {
  SocketPtr out(nl_socket_alloc());
  if (!out) return Error(Errc::failed, "cannot make a netlink socket");
  if (const int code = nl_connect(out.get(), NETLINK_ROUTE); code < 0) {
    return failure_of(code, "cannot open a netlink socket");
  }
  nl_socket_set_msg_buf_size(out.get(), kMessageBytes);
  // An acknowledgement would come behind the answer and be taken for that of the next request.
  nl_socket_disable_auto_ack(out.get());
  ::setsockopt(nl_socket_get_fd(out.get()), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  return out;
}

struct Taking {
  const Take* take = nullptr;
  bool ended_early = false;
};

int on_message(nl_msg* message, void* argument) {
  auto& taking = *static_cast<Taking*>(argument);
  if ((*taking.take)(nlmsg_hdr(message))) return NL_OK;
  taking.ended_early = true;
  return NL_STOP;
}

/// The index of a zone, which is an interface's name or an index.
int index_of_zone(const std::string& zone) {
  if (zone.empty()) return 0;
  if (const unsigned index = ::if_nametoindex(zone.c_str()); index != 0) return static_cast<int>(index);
  int out = 0;
  std::from_chars(zone.data(), zone.data() + zone.size(), out);
  return out;
}

/// The kernel's own words, as strerror() has them.
std::string words_of(int code) {
  switch (-code) {
    case NLE_NOADDR: return "the own address is not there";
    case NLE_INVAL: return "the own address cannot be used";
    default: break;
  }
  return "no route leads there";
}

}  // namespace

struct RtnetlinkReader::Impl {
  SocketPtr socket;

  /// Sends the request and hands over each message of the answer. A libnl error code, or 0.
  int ask(nl_msg* request, const Take& take) {
    if (!socket) {
      auto fresh = open_socket();
      if (!fresh) return -NLE_BAD_SOCK;
      socket = std::move(*fresh);
    }
    Taking taking{&take};
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &taking);
    int code = nl_send_auto(socket.get(), request);
    if (code >= 0) code = nl_recvmsgs_default(socket.get());
    // What the kernel goes on sending is nobody's; likewise after an error.
    if (taking.ended_early || code < 0) socket.reset();
    return taking.ended_early ? 0 : std::min(code, 0);
  }

  template <class Head>
  Result<void> dump(int type, int family, const Take& take, const char* what) {
    const MessagePtr request(nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_DUMP));
    Head head{};
    reinterpret_cast<unsigned char*>(&head)[0] = static_cast<unsigned char>(family);  // of each of these structures
    if (!request || nlmsg_append(request.get(), &head, sizeof head, NLMSG_ALIGNTO) < 0) {
      return Error(Errc::failed, "no memory for a netlink request");
    }
    if (const int code = ask(request.get(), take); code < 0) {
      return Error(code == -NLE_DUMP_INTR ? Errc::limited : Errc::failed,
                   fmt::format("cannot read the {} of this machine: {}", what, nl_geterror(code)));
    }
    return {};
  }

  Result<Inventory> read_once();
};

Result<Inventory> RtnetlinkReader::Impl::read_once() {
  Inventory out;
  bool too_many = false;
  const auto keep = [&](auto& list, auto&& value, std::size_t limit) {
    if (list.size() >= limit) {
      too_many = true;
      return false;
    }
    if (value) list.push_back(std::move(*value));
    return true;
  };
  const auto links = dump<ifinfomsg>(
      RTM_GETLINK, AF_UNSPEC, [&](nlmsghdr* m) { return keep(out.links, read_link(m), kMaxLinks); },
      "network interfaces");
  if (!links) return links.error();
  const auto addresses = dump<ifaddrmsg>(
      RTM_GETADDR, AF_UNSPEC, [&](nlmsghdr* m) { return keep(out.addresses, read_address(m), kMaxAddresses); },
      "addresses");
  if (!addresses) return addresses.error();
  if (too_many) return Error(Errc::too_large, "this machine has more network interfaces or addresses than are read");
  const auto take_routes = [&](nlmsghdr* m) {
    for (Route& route : read_routes(m)) {
      if (out.routes.size() >= kMaxRoutes) return out.has_all_routes = false;
      out.routes.push_back(std::move(route));
    }
    return true;
  };
  const auto take_rule = [&](nlmsghdr* m) {
    auto rule = read_rule(m);
    if (out.rules.size() >= kMaxRules) return out.has_all_routes = false;
    if (rule) out.rules.push_back(std::move(*rule));
    return true;
  };
  for (const int family : {AF_INET, AF_INET6}) {
    const auto routes = dump<rtmsg>(RTM_GETROUTE, family, take_routes, "routes");
    if (!routes) return routes.error();
    const auto rules = dump<fib_rule_hdr>(RTM_GETRULE, family, take_rule, "routing rules");
    if (!rules) return rules.error();
  }
  std::sort(out.links.begin(), out.links.end(), [](const Link& a, const Link& b) { return a.index < b.index; });
  for (Address& address : out.addresses) {
    const Link* link = out.link(address.link);
    if (link != nullptr) address.address = address.address.with_zone(link->name);
  }
  return out;
}

RtnetlinkReader::RtnetlinkReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RtnetlinkReader::RtnetlinkReader(RtnetlinkReader&&) noexcept = default;
RtnetlinkReader& RtnetlinkReader::operator=(RtnetlinkReader&&) noexcept = default;
RtnetlinkReader::~RtnetlinkReader() = default;

Result<RtnetlinkReader> RtnetlinkReader::open() {
  auto socket = open_socket();
  if (!socket) return socket.error();
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(*socket);
  return RtnetlinkReader(std::move(impl));
}

Result<Inventory> RtnetlinkReader::read() {
  for (int attempt = 1;; ++attempt) {
    auto out = impl_->read_once();
    // Something changed while it was read, so that it may fit together badly.
    if (out || out.error().kind() != Errc::limited || attempt == kAttempts) return out;
  }
}

Result<RouteAnswer> RtnetlinkReader::route_to(const IpAddress& target, const std::optional<IpAddress>& source) {
  RouteAnswer out;
  out.target = target;
  out.asked_source = source;
  if (source && source->is_v6() != target.is_v6()) {
    out.failure = "the two are of different families";
    return out;
  }
  const MessagePtr request(nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST));
  rtmsg head{};
  head.rtm_family = static_cast<unsigned char>(target.is_v6() ? AF_INET6 : AF_INET);
  head.rtm_dst_len = static_cast<unsigned char>(target.bit_count());
  head.rtm_src_len = static_cast<unsigned char>(source ? source->bit_count() : 0);
  head.rtm_flags = RTM_F_LOOKUP_TABLE;
  const auto put = [&](int type, ByteView bytes) {
    return nla_put(request.get(), type, static_cast<int>(bytes.size()), bytes.data()) >= 0;
  };
  const int zone = index_of_zone(target.zone());
  if (!request || nlmsg_append(request.get(), &head, sizeof head, NLMSG_ALIGNTO) < 0 || !put(RTA_DST, target.bytes()) ||
      (source && !put(RTA_SRC, source->bytes())) ||
      (zone != 0 && nla_put_u32(request.get(), RTA_OIF, static_cast<std::uint32_t>(zone)) < 0)) {
    return Error(Errc::failed, "no memory for a netlink request");
  }
  bool answered = false;
  const auto take = [&](nlmsghdr* message) {
    if (auto answer = read_route_answer(message)) {
      answer->target = target;
      answer->asked_source = source;
      out = std::move(*answer);
      answered = true;
    }
    return true;
  };
  const int code = impl_->ask(request.get(), take);
  if (code == -NLE_BAD_SOCK) return failure_of(code, "cannot open a netlink socket");
  if (!answered) out.failure = words_of(code);
  if (out.link == 0 && out.failure.empty()) out.failure = "no route leads there";
  return out;
}

}  // namespace p2p::addresses

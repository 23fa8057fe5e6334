#include "client_drops.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace p2p::node {
namespace {

std::optional<addresses::IpAddress> plain(const std::string& text) {
  const auto address = addresses::IpAddress::parse(text);
  return address ? std::optional(address->without_zone()) : std::nullopt;
}

}  // namespace

void drop_connections(net::Loops& loops, const net::LoopLocal<net::Client>& clients,
                      std::function<bool(const auth::Caller&)> is_dropped, const std::string& why) {
  const auto all = loops.all();  // in the order of the clients
  auto loop = all.begin();
  for (const auto& client : clients) {
    boost::asio::post(**loop++, [client = client.get(), is_dropped, why] { client->drop(is_dropped, why); });
  }
}

void drop_connections_from(net::Loops& loops, const net::LoopLocal<net::Client>& clients,
                           std::vector<addresses::IpAddress> lost) {
  auto is_dropped = [lost = std::move(lost)](const auth::Caller& caller) {
    const auto own = addresses::IpAddress::parse(caller.own_address);
    return own && std::find(lost.begin(), lost.end(), *own) != lost.end();
  };
  drop_connections(loops, clients, std::move(is_dropped), "this machine has lost the address that it came from");
}

void drop_connections_to(net::Loops& loops, const net::LoopLocal<net::Client>& clients, std::string node_id,
                         const std::string& address) {
  const auto at = plain(address);
  if (!at) return;
  auto is_dropped = [node_id = std::move(node_id), at = *at](const auth::Caller& caller) {
    return caller.identity && caller.identity->name == node_id && plain(caller.address) == at;
  };
  drop_connections(loops, clients, std::move(is_dropped), "the node does not answer at that address any more");
}

}  // namespace p2p::node

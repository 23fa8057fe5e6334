#include "local_addresses.hpp"

#include "addresses/address_policy.hpp"
#include "addresses/advertised_host.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "net/client.hpp"

namespace p2p::node {
namespace {

addresses::Ranking rank_now(const config::NodeConfig& config) {
  auto reader = addresses::RtnetlinkReader::open();
  if (!reader) return {};
  const auto inventory = reader->read();
  if (!inventory) return {};
  return addresses::rank(*inventory, configured_facts(config));
}

}  // namespace

std::optional<std::string> fixed_address(const config::NodeConfig& config, std::uint16_t port) {
  if (const auto host = addresses::advertised_host(config.advertise_address, port)) return host->to_text();
  const auto bound = addresses::IpAddress::parse(config.bind_address);
  if (!config.advertise_address.empty() || !bound || bound->is_unspecified()) return std::nullopt;
  return net::Endpoint{bound->to_text(), port}.to_text();
}

addresses::RankingFacts configured_facts(const config::NodeConfig& config) {
  addresses::RankingFacts out;
  out.policy.prefers_vpn = config.prefer_vpn;
  out.bind_address = addresses::IpAddress::parse(config.bind_address);
  if (!config.advertise_address.empty()) {
    // It was checked with the configuration.
    if (auto wanted = addresses::parse_advertised(config.advertise_address)) out.advertised = std::move(*wanted);
  }
  return out;
}

std::vector<std::string> local_addresses(const config::NodeConfig& config, std::uint16_t port) {
  if (auto fixed = fixed_address(config, port)) return {std::move(*fixed)};
  const addresses::Ranking ranking = rank_now(config);
  std::vector<std::string> all;
  for (const auto& candidate : ranking.candidates) all.push_back(candidate.address);
  return addresses::announcement(all, ranking, !config.advertise_address.empty(), port);
}

}  // namespace p2p::node

#include "local_addresses.hpp"

#include "addresses/advertised_host.hpp"
#include "addresses/ranking.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "net/client.hpp"

namespace p2p::node {
namespace {

/// The operator's word alone where it can be dialled as it stands.
addresses::Ranking rank_own(const std::string& advertise_address, const std::string& bind_address) {
  auto reader = addresses::RtnetlinkReader::open();
  if (!reader) return {};
  const auto inventory = reader->read();
  if (!inventory) return {};
  addresses::RankingFacts facts;
  facts.bind_address = addresses::IpAddress::parse(bind_address);
  if (!advertise_address.empty()) {
    // It was checked with the configuration.
    if (auto wanted = addresses::parse_advertised(advertise_address)) facts.advertised = std::move(*wanted);
  }
  return addresses::rank(*inventory, facts);
}

}  // namespace

std::vector<std::string> local_addresses(const std::string& advertise_address, const std::string& bind_address,
                                         unsigned short port) {
  if (const auto host = addresses::advertised_host(advertise_address, port)) return {host->to_text()};
  const auto bound = addresses::IpAddress::parse(bind_address);
  if (advertise_address.empty() && bound && !bound->is_unspecified()) {
    return {net::Endpoint{bound->to_text(), port}.to_text()};
  }
  const addresses::Ranking ranking = rank_own(advertise_address, bind_address);
  std::vector<std::string> out;
  for (const auto& candidate : ranking.candidates) {
    const auto address = addresses::IpAddress::parse(candidate.address);
    if (address) out.push_back(net::Endpoint{address->without_zone().to_text(), port}.to_text());
  }
  if (!out.empty() || !advertise_address.empty()) return out;
  for (const auto& excluded : ranking.excluded) {
    if (excluded.why == addresses::Exclusion::loopback) {
      out.push_back(net::Endpoint{excluded.address, port}.to_text());
    }
  }
  return out;
}

}  // namespace p2p::node

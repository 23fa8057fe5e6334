#include "fleet_trust_report.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/file.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

pki::NodeTrust trust_of(const std::string& node_id, const membership::Node& node) {
  pki::NodeTrust out{node_id, std::string(membership::to_string(node.status)), node.checked->record.roots,
                     to_hex(node.checked->signer.id.issuer_key_id)};
  if (out.trusts.empty()) out.trusts.push_back(out.issuer);
  return out;
}

}  // namespace

pki::FleetTrust fleet_trust_of(const membership::Registry& registry, WallTime now) {
  pki::FleetTrust out{now, {}};
  for (const auto& [node_id, node] : registry.nodes()) out.nodes.push_back(trust_of(node_id, node));
  return out;
}

FleetTrustReport::FleetTrustReport(std::filesystem::path file, const NodeIdentity& identity,
                                   const membership::Membership& membership, net::BlockingPool& pool,
                                   const Clock& clock, LogSink& log)
    : file_(std::move(file)),
      identity_(identity),
      membership_(membership),
      pool_(pool),
      clock_(clock),
      log_(log, "Pki") {}

asio::awaitable<void> FleetTrustReport::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  pki::FleetTrust told;
  for (;;) {
    timer.expires_after(std::chrono::seconds{1});
    co_await timer.async_wait(asio::use_awaitable);
    if (identity_.roots().certificates().size() < 2) continue;
    auto now = fleet_trust_of(membership_.registry(), clock_.wall());
    if (now.nodes == told.nodes && now.at - told.at < pki::kFleetTrustLifetime / 2) continue;
    auto write = [file = file_, text = dump_json(to_json(now)) + "\n"] { return write_file(file, text, kSecretMode); };
    const auto written = co_await pool_.run(std::move(write));
    if (!written) log_.error("p2p-ca rotate cannot see which nodes are ready: {}", written.error().context);
    told = std::move(now);
  }
}

}  // namespace p2p::node

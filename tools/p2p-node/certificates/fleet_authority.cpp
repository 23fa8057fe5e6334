#include "fleet_authority.hpp"

#include <utility>

#include "../settings.hpp"
#include "base/file.hpp"
#include "certificate_methods.hpp"
#include "net/run_on.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

pki::AuthorityPaths paths_of_authority(const FleetAuthority::Parts& parts) {
  const auto& config = parts.config.values;
  return pki::AuthorityPaths::of(parts.paths.home(), parts.paths.resolve(config.ssl_ca_cert_file),
                                 parts.paths.resolve(config.ssl_ca_key_file));
}

}  // namespace

Result<std::unique_ptr<FleetAuthority>> FleetAuthority::open(const Parts& parts, Publish publish) {
  std::unique_ptr<FleetAuthority> out(new FleetAuthority(parts, std::move(publish)));
  if (!file_exists(paths_of_authority(parts).key)) return out;
  out->report_ = std::make_unique<FleetTrustReport>(paths_of_authority(parts).fleet_trust, parts.identity,
                                                    parts.membership, parts.pool, parts.clock, parts.log);
  if (auto opened = out->open_methods(); !opened) return opened.error();
  if (auto opened = out->open_acme(); !opened) return opened.error();
  return out;
}

FleetAuthority::FleetAuthority(const Parts& parts, Publish publish)
    : parts_(parts),
      publisher_({paths_of_authority(parts), parts.config.values.node_id,
                  [&identity = parts.identity] { return identity.ca_pem(); }, std::move(publish)},
                 parts.pool, parts.clock, parts.log) {}

Result<void> FleetAuthority::open_methods() {
  const std::string& node_id = parts_.config.values.node_id;
  auto authority = pki::IssuingAuthority::open(paths_of_authority(parts_), {node_id, parts_.clock.wall()});
  if (!authority) return authority.error();
  auto fleet_trust = [this]() -> asio::awaitable<pki::FleetTrust> {
    auto look = [this] { return fleet_trust_of(parts_.membership.registry(), parts_.clock.wall()); };
    return net::run_on(parts_.control.get_executor(), std::move(look));
  };
  parts_.registry.publish(certificate_service({std::make_shared<pki::IssuingAuthority>(std::move(*authority)), node_id,
                                               std::move(fleet_trust), parts_.pool, parts_.clock}));
  return {};
}

Result<void> FleetAuthority::open_acme() {
  const auto& config = parts_.config.values;
  if (!config.https_enabled || config.port == 0) {
    Logger(parts_.log, "Node")
        .info(
            "this coordinator is no ACME server: its addresses need https_enabled and a port that is known beforehand");
    return {};
  }
  AcmeService::Options options;
  options.authority = paths_of_authority(parts_);
  options.store = parts_.paths.home() / "ca" / "acme.db";
  options.base_url = acme_base_url(config.advertise_address, parts_.identity.certificate().facts(), config.port);
  options.http01 = http01_settings(parts_.config);
  options.node_id = config.node_id;
  auto opened = AcmeService::open(std::move(options), parts_.control, parts_.pool, parts_.clock, parts_.log);
  if (!opened) return opened.error();
  acme_ = std::move(*opened);
  return {};
}

void FleetAuthority::add_routes(net::Router& router) {
  if (acme_) acme_->add_routes(router);
}

void FleetAuthority::start(net::TaskGroup& tasks) {
  tasks.start("authority", publisher_.run());
  if (report_) tasks.start("fleet trust", report_->run());
  if (acme_) tasks.start("acme", acme_->run());
}

asio::awaitable<void> FleetAuthority::stop(std::chrono::milliseconds grace) {
  if (!acme_) co_return;
  auto stopping = acme_->stop(grace);
  co_await std::move(stopping);
}

}  // namespace p2p::node

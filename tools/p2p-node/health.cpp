#include "health.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/rfc3339.hpp"

namespace p2p::node {
namespace {

std::string_view to_string(Health::Phase phase) {
  switch (phase) {
    case Health::Phase::starting: return "starting";
    case Health::Phase::running: return "ok";
    case Health::Phase::stopping: return "stopping";
  }
  return "ok";
}

std::string describe(const acme::RenewalHealth& certificate, bool is_revoked) {
  if (!certificate.not_after) return "null";
  Json out = {{"state", is_revoked ? "revoked" : to_string(certificate.state)},
              {"not_after", format_rfc3339(*certificate.not_after, 0)},
              {"renewal_failures", certificate.failure_count}};
  if (certificate.reason) out["renewal_reason"] = to_string(*certificate.reason);
  return dump_json(out);
}

}  // namespace

Health::Health(std::string node_id, pki::Role role, const Clock& clock)
    : node_id_(std::move(node_id)), role_(role), clock_(clock), started_(clock.monotonic()) {}

void Health::set_services(std::map<std::string, std::size_t> by_state) {
  std::string text = dump_json(Json(by_state));
  if (by_state.empty()) text = "{}";
  const std::lock_guard lock(mutex_);
  services_json_ = std::move(text);
}

void Health::set_certificate(const acme::RenewalHealth& certificate) {
  const std::lock_guard lock(mutex_);
  certificate_ = certificate;
}

acme::RenewalHealth Health::certificate() const {
  const std::lock_guard lock(mutex_);
  return certificate_;
}

void Health::set_roots_trouble(std::string trouble) {
  const std::lock_guard lock(mutex_);
  roots_trouble_ = std::move(trouble);
}

void Health::set_saved(const std::string& file, bool saved) {
  const std::lock_guard lock(mutex_);
  if (saved) {
    unsaved_.erase(file);
  } else {
    unsaved_.insert(file);
  }
}

std::chrono::seconds Health::uptime() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.monotonic() - started_);
}

net::Response Health::respond() const {
  const Phase phase = phase_;
  std::string services;
  std::string certificate;
  bool has_old_roots = false, is_unsaved = false;
  {
    const std::lock_guard lock(mutex_);
    services = services_json_;
    certificate = describe(certificate_, certificate_revoked_);
    has_old_roots = !roots_trouble_.empty();
    is_unsaved = !unsaved_.empty();
  }
  std::string_view status = to_string(phase);
  if (phase == Phase::running && is_forwarding_well_ && !is_forwarding_well_()) status = "log is not forwarded";
  if (phase == Phase::running && is_unsaved) status = "state is not saved";
  // A full disk does both; this is what the fleet feels.
  if (phase == Phase::running && is_storing_well_ && !is_storing_well_()) status = "logs are not stored";
  if (phase == Phase::running && has_old_roots) status = "CA certificates out of date";
  if (phase == Phase::running && certificate_revoked_) status = "certificate revoked";
  // node_id is_valid_name(), so nothing here needs escaping.
  return net::Response::json(
      fmt::format(
          R"({{"status":"{}","node_id":"{}","role":"{}","uptime_seconds":{},"version":"{}","services":{},"certificate":{}}})",
          status, node_id_, pki::to_string(role_), uptime().count(), P2P_VERSION, services, certificate),
      phase == Phase::running ? 200 : 503);
}

void add_health_route(net::Router& router, const Health& health) {
  net::Route route;
  route.pattern = "/health";
  route.permission = auth::Permission::open;
  route.limit_class = net::LimitClass::health;
  route.handler = [&health](net::Request&) -> boost::asio::awaitable<net::Response> { co_return health.respond(); };
  router.add(std::move(route));
}

}  // namespace p2p::node

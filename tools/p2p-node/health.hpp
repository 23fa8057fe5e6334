// What `GET /health` answers: open to all, so it says no more than a load balancer and a person at night need.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "acme/renewal.hpp"
#include "base/clock.hpp"
#include "net/router.hpp"
#include "pki/identity.hpp"

namespace p2p::node {

/// Read by all session loops, written by the control loop. Thread-safe.
class Health {
 public:
  enum class Phase : unsigned char { starting, running, stopping };

  Health(std::string node_id, pki::Role role, const Clock& clock);

  void set_phase(Phase phase) { phase_ = phase; }
  /// The fleet refuses this node; it runs on, and its clients with tokens are served.
  void set_certificate_revoked(bool revoked) { certificate_revoked_ = revoked; }
  bool is_certificate_revoked() const { return certificate_revoked_; }
  /// What is known of this node's certificate.
  void set_certificate(const acme::RenewalHealth& certificate);
  acme::RenewalHealth certificate() const;
  /// Why this node does not follow the fleet's list of roots; empty when it does.
  void set_roots_trouble(std::string trouble);
  /// Whether a file of the node's state could be saved, such as when the vault was given another password.
  void set_saved(const std::string& file, bool saved);
  /// Asked whether a coordinator's log store takes records, which it does not on a full disk: the nodes keep them
  /// meanwhile; any thread. Before requests come.
  void set_storing(std::function<bool()> is_well) { is_storing_well_ = std::move(is_well); }
  /// Asked whether the copy of the log gets to where log_forward says; any thread. Before requests come.
  void set_forwarding(std::function<bool()> is_well) { is_forwarding_well_ = std::move(is_well); }
  /// How many services are in each state, as in {"running": 2}.
  void set_services(std::map<std::string, std::size_t> by_state);

  std::chrono::seconds uptime() const;
  /// 200 while running, else 503. `status` is "ok" only when all is.
  net::Response respond() const;

 private:
  const std::string node_id_;
  const pki::Role role_;
  const Clock& clock_;
  const Monotonic started_;
  std::atomic<Phase> phase_{Phase::starting};
  std::atomic<bool> certificate_revoked_{false};
  mutable std::mutex mutex_;
  std::string services_json_ = "{}";
  acme::RenewalHealth certificate_;
  std::string roots_trouble_;
  std::set<std::string> unsaved_;
  std::function<bool()> is_storing_well_;
  std::function<bool()> is_forwarding_well_;
};

/// `GET /health`; `health` outlives the router.
void add_health_route(net::Router& router, const Health& health);

}  // namespace p2p::node

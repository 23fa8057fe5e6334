// What `GET /health` answers: open to all, so it says no more than a load balancer and a person at night need.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "acme/renewal.hpp"
#include "base/clock.hpp"
#include "net/http.hpp"
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
  /// What is known of this node's certificate.
  void set_certificate(const acme::RenewalHealth& certificate);
  acme::RenewalHealth certificate() const;
  /// Why this node does not follow the fleet's list of roots; empty when it does.
  void set_roots_trouble(std::string trouble);
  /// Whether a file of the node's state could be saved, such as when the vault was given another password.
  void set_saved(const std::string& file, bool saved);
  /// False while a coordinator's log store takes nothing, such as on a full disk; the nodes keep their records.
  void set_logs_stored(bool stored) { logs_stored_ = stored; }
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
  std::atomic<bool> logs_stored_{true};
  mutable std::mutex mutex_;
  std::string services_json_ = "{}";
  acme::RenewalHealth certificate_;
  std::string roots_trouble_;
  std::set<std::string> unsaved_;
};

}  // namespace p2p::node

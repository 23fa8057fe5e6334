#include "own_identity.hpp"

#include <utility>

#include "../settings.hpp"
#include "base/bytes.hpp"
#include "base/rfc3339.hpp"
#include "own_certificate.hpp"

namespace p2p::node {

using std::chrono::milliseconds;

Result<std::unique_ptr<OwnIdentity>> OwnIdentity::open(const Parts& parts) {
  std::unique_ptr<OwnIdentity> out(new OwnIdentity(parts));
  const auto replaced = replace_lost_certificate(parts.config, parts.paths, parts.clock, parts.log);
  if (!replaced) out->log_.error("no new certificate: {}", replaced.error().context);
  auto identity = NodeIdentity::open(parts.config, parts.paths, parts.clock);
  if (!identity) return identity.error();
  out->identity_ = std::move(*identity);
  out->revocation_lists_ =
      std::make_unique<RevocationLists>([own = out.get()] { return own->identity_->ca_pem(); }, parts.log);
  if (out->identity_->made()) {
    out->log_.info("made a certificate for {}, signed by the CA in this home", parts.config.values.node_id);
  }
  return out;
}

void OwnIdentity::follow_roots(boost::asio::io_context& control, net::BlockingPool& pool, Health& health) {
  control_ = &control;
  pool_ = &pool;
  health_ = &health;
  const auto files = material_request(parts_.config, parts_.paths);
  const auto& config = parts_.config.values;
  TrustedRoots::Hooks hooks;
  hooks.written = [this] { reread(); };
  hooks.trouble = [&health](const std::string& trouble) { health.set_roots_trouble(trouble); };
  roots_ = std::make_unique<TrustedRoots>(
      control,
      TrustedRoots::Options{files.ca_certificate, files.ca_key, config.cluster_name, config.coordinator_addresses},
      std::move(hooks), *identity_, pool, parts_.clock, parts_.log);
}

void OwnIdentity::begin(Hooks hooks) {
  hooks_ = std::move(hooks);
  const auto files = material_request(parts_.config, parts_.paths);
  const auto& config = parts_.config.values;
  Renewer::Hooks renewal;
  renewal.renewed = [this] { reread(); };
  renewal.health = [this](const acme::RenewalHealth& health) { health_->set_certificate(health); };
  renewer_ = std::make_unique<Renewer>(
      *control_, Renewer::Options{files, enrollment_settings(config), account_key_file(parts_.paths, config)},
      std::move(renewal), identity_->tls(), *pool_, parts_.random, parts_.clock, parts_.log);
  follow();
  renewer_->want(files.extra_names);
  const std::vector<std::filesystem::path> watched{files.own.certificate, files.own.key, files.ca_certificate};
  file_watch_ = std::make_unique<FileWatch>(watched, [this] { reread(); });
}

void OwnIdentity::start(net::TaskGroup& tasks) {
  tasks.start("certificate", renewer_->run());
  tasks.start("roots", roots_->run());
  tasks.start("files", file_watch_->run());
}

void OwnIdentity::reread() {
  const auto change = identity_->reload(parts_.config);
  if (!change) {
    log_.error("the certificate stays as it is: {}", change.error().context);
  } else if (*change == NodeIdentity::Change::renewed) {
    hooks_.replaced();
    follow();
    roots_->retry();
    hooks_.told();
    const auto& facts = identity_->certificate().facts();
    log_.info("certificate {} is in use, valid until {}", to_hex(facts.serial), format_rfc3339(facts.not_after, 0));
  }
  file_watch_->note();
}

void OwnIdentity::follow() {
  renewer_->use(identity_->certificate());
  if (!identity_->is_signed_by_first_root()) {
    // Not all nodes at once: about twenty a second.
    const double spread = 0.05 * static_cast<double>(hooks_.fleet_size());
    const milliseconds after(static_cast<std::int64_t>(1e3 * spread * parts_.random.unit()));
    renewer_->supersede(parts_.clock.wall() + after);
  }
  hooks_.in_use();
}

void OwnIdentity::take_addresses(const std::vector<std::string>& addresses) {
  renewer_->want(names_of_addresses(addresses));
}

}  // namespace p2p::node

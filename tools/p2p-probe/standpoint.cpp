#include "standpoint.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include "addresses/ip_address.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/connection.hpp"
#include "cli/tls_material.hpp"
#include "config/home.hpp"
#include "crypto/secret.hpp"
#include "pki/certificate.hpp"

namespace p2p::probe {
namespace {

using cli::Attempt;
using cli::Failure;

/// None where this home has no configuration.
Attempt<std::optional<config::NodeConfig>> read_configuration(const config::Paths& paths, const std::string& file,
                                                              cli::Reporter& report) {
  if (file.empty() && !file_exists(paths.default_config())) return std::optional<config::NodeConfig>();
  const auto sources = config::gather_sources(paths, file, {});
  if (!sources) return Failure(cli::kUsage, sources.error().context);
  auto outcome = config::load(*sources);
  for (const auto& warning : outcome.warnings) report.warning(warning);
  if (!outcome.problems.empty()) return Failure(cli::kUsage, join(outcome.problems, "; "), outcome.hint);
  return std::optional(std::move(outcome.config.values));
}

/// The files of this machine's node, where it has a certificate.
std::optional<cli::IdentityFiles> node_files(const config::NodeConfig& config, const config::Paths& paths) {
  const auto own =
      config::own_certificate_files(config, [&](const std::string& file) { return file_exists(paths.resolve(file)); });
  if (!file_exists(paths.resolve(own.certificate))) return std::nullopt;
  return cli::IdentityFiles{paths.resolve(own.certificate), paths.resolve(own.key),
                            paths.resolve(config.ssl_ca_cert_file)};
}

Attempt<void> show(const cli::Connection& connection, std::uint16_t port, Standpoint& out) {
  auto material = cli::read_tls_material(connection);
  if (!material) return material.error();
  auto tls = net::TlsContexts::make(*material);
  crypto::wipe(material->private_key);
  if (!tls) return tls.error();
  out.tls = std::move(*tls);
  out.token = connection.token;
  if (material->certificate.empty()) return {};
  const auto own = pki::Certificate::from_pem(material->certificate, connection.files.certificate.string());
  if (!own) return own.error();
  const auto identity = own->identity();
  if (!identity) return identity.error();
  out.name = identity->name;
  if (identity->role != pki::Role::operator_) out.dial_back_port = port;
  return {};
}

Attempt<std::vector<net::Endpoint>> coordinators_of(const cli::Connection& connection,
                                                    const std::optional<config::NodeConfig>& config) {
  const bool is_said = connection.chosen_by.starts_with("--") || connection.chosen_by.starts_with("$");
  std::vector<net::Endpoint> out;
  if (config && !is_said) {
    for (const auto& text : config->coordinator_addresses) {
      const auto endpoint = net::parse_endpoint(text, cli::kDefaultPort);
      if (!endpoint) return Failure(cli::kUsage, "coordinator_addresses: " + endpoint.error().context);
      out.push_back(*endpoint);
    }
  }
  if (out.empty()) out.push_back(connection.coordinator);
  return out;
}

}  // namespace

Attempt<Standpoint> find_standpoint(const cli::Session& session, const std::string& config_file) {
  const config::Paths paths(session.home);
  const auto config = read_configuration(paths, config_file, session.report);
  if (!config) return config.error();
  auto connection = cli::choose_connection(session, cli::connection_environment());
  if (!connection) return connection.error();
  const config::NodeConfig values = config->value_or(config::NodeConfig());

  Standpoint out;
  out.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(values.probe_timeout_seconds);
  auto coordinators = coordinators_of(*connection, *config);
  if (!coordinators) return coordinators.error();
  out.coordinators = std::move(*coordinators);
  out.has_coordinators = connection->chosen_by != "default" || !values.coordinator_addresses.empty();
  out.advertise_address = values.advertise_address;
  out.prefers_vpn = values.prefer_vpn;
  if (*config) out.bind_address = values.bind_address;

  if (session.connection.certificate.empty() && connection->token.empty()) {
    const auto own = *config ? node_files(values, paths) : std::nullopt;
    if (own)
      connection->files = *own;
    else if (!file_exists(connection->files.certificate))
      connection->files.certificate.clear();
    if (connection->files.certificate.empty() && !file_exists(connection->files.ca)) return out;
  }
  if (auto shown = show(*connection, values.port, out); !shown) return shown.error();
  return out;
}

cli::Attempt<net::Endpoint> read_target(const std::string& text) {
  auto endpoint = net::parse_endpoint(text, cli::kDefaultPort);
  if (!endpoint) return Failure(cli::kUsage, endpoint.error().context);
  const auto address = addresses::IpAddress::parse(endpoint->host);
  if (!address) return *endpoint;
  const std::string zone(address->zone());
  const bool is_number = !zone.empty() && zone.find_first_not_of("0123456789") == std::string::npos;
  if (!zone.empty() && !is_number && ::if_nametoindex(zone.c_str()) == 0)
    return Failure(cli::kUsage, fmt::format("this machine has no interface \"{}\"", zone), "p2p-probe list");
  endpoint->host = address->to_text();
  return *endpoint;
}

}  // namespace p2p::probe

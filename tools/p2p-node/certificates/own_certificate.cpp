#include "own_certificate.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <utility>

#include "../settings.hpp"
#include "base/file.hpp"
#include "net/run_alone.hpp"

namespace p2p::node {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

Result<crypto::KeyPtr> open_key(const fs::path& file) {
  if (file_exists(file)) return pki::read_key_file(file);
  auto key = crypto::generate_key(crypto::KeyType::ecdsa_p256);
  if (!key) return key.error();
  const auto pem = crypto::write_private_key(**key);
  if (!pem) return pem.error();
  if (auto made = create_file(file, pem->view(), kSecretMode); !made) return made.error();
  return key;
}

acme::ClientResult<acme::Enrolled> obtain_now(const pki::NodeMaterialRequest& files,
                                              const acme::EnrollmentSettings& settings, const acme::AccountKey& account,
                                              const EVP_PKEY& key, const net::TlsContexts& tls, const Clock& clock,
                                              LogSink& log) {
  asio::io_context loop{1};
  acme::Enrollment enrollment(loop, settings, account, tls, clock, log);
  auto task = enrollment.obtain(pki::subject_name_of_node(files.node_id), wanted_names(files, nullptr), key, {});
  return net::run_alone(loop, std::move(task));
}

/// A certificate is there that is of use for a while yet, or cannot even be read.
bool has_certificate(const pki::PairFiles& own, WallTime now) {
  if (!file_exists(own.certificate)) return false;
  const auto certificate = pki::read_certificate_file(own.certificate);
  return !certificate || certificate->facts().not_after > now;
}

}  // namespace

fs::path account_key_file(const config::Paths& paths, const config::NodeConfig& config) {
  return paths.state_file(config, "acme_account.pem");
}

Result<acme::AccountKey> open_account_key(const fs::path& file) {
  if (!file_exists(file)) {
    const auto made = acme::AccountKey::generate();
    if (!made) return made.error();
    const auto pem = made->pem();
    if (!pem) return pem.error();
    const auto written = create_file(file, pem->view(), kSecretMode);
    if (!written && written.error().kind() != Errc::exists) return written.error();
  }
  const auto text = read_secret_file(file, crypto::kMaxKeyPemBytes);
  if (!text) return text.error();
  const crypto::Secret pem{std::string(*text)};
  return acme::AccountKey::from_pem(pem.view(), file.string());
}

acme::EnrollmentSettings enrollment_settings(const config::NodeConfig& config) {
  acme::EnrollmentSettings out;
  for (const auto& address : config.coordinator_addresses) {
    if (auto endpoint = net::parse_endpoint(address, config::NodeConfig().port)) {
      out.coordinators.push_back(std::move(*endpoint));
    }
  }
  out.directory = config.acme_directory;
  out.bind_address = config.bind_address;
  out.http_port = config.acme_http_port;
  return out;
}

std::vector<pki::SubjectName> wanted_names(const pki::NodeMaterialRequest& files, const pki::Certificate* in_use) {
  auto out = files.extra_names;
  if (in_use == nullptr) return out;
  for (const auto& text : in_use->facts().dns_names) {
    pki::SubjectName name{pki::SubjectName::Kind::dns, text};
    const bool is_own = text == files.node_id || text == "localhost";
    if (!is_own && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

acme::ClientResult<acme::Enrolled> enroll_now(const pki::NodeMaterialRequest& files, acme::EnrollmentSettings settings,
                                              const acme::AccountKey& account, std::optional<pki::Role> role,
                                              const Clock& clock, LogSink& log) {
  const auto failed = [](const Error& error) { return acme::ClientFailure{error, {}}; };
  net::TlsMaterial material;
  auto ca_pem = read_file(files.ca_certificate, pki::kMaxCertificatePemBytes);
  if (!ca_pem) return failed(ca_pem.error());
  const auto roots = pki::Roots::from_pem(*ca_pem, files.ca_certificate.string());
  if (!roots) return failed(roots.error());
  material.ca = std::move(*ca_pem);
  material.cluster_name = files.cluster_name;
  const auto tls = net::TlsContexts::make(material);
  if (!tls) return failed(tls.error());
  const auto key = open_key(files.own.key);
  if (!key) return failed(key.error());
  auto enrolled = obtain_now(files, settings, account, **key, **tls, clock, log);
  if (!enrolled) return enrolled;
  pki::Identity identity{files.cluster_name, role.value_or(pki::Role::worker), files.node_id};
  if (const auto found = enrolled->certificate.identity(); !role && found && found->role != pki::Role::operator_) {
    identity.role = found->role;
  }
  if (auto good = acme::check_enrolled(enrolled->certificate, identity, **key, *roots, clock.wall()); !good) {
    return failed(good.error());
  }
  if (auto written = write_file(files.own.certificate, enrolled->chain_pem, kPublicMode); !written) {
    return failed(written.error());
  }
  return enrolled;
}

Result<void> replace_lost_certificate(const config::LoadedConfig& loaded, const config::Paths& paths,
                                      const Clock& clock, LogSink& log) {
  const auto files = material_request(loaded, paths);
  const auto account_file = account_key_file(paths, loaded.values);
  const bool was_enrolled =
      file_exists(account_file) && file_exists(files.ca_certificate) && !file_exists(files.ca_key);
  if (!was_enrolled || has_certificate(files.own, clock.wall())) return {};
  const Logger logger(log, "Node");
  logger.warning("{} is missing or has expired: asking for a new certificate", files.own.certificate.string());
  const auto account = open_account_key(account_file);
  if (!account) return account.error();
  const auto enrolled = enroll_now(files, enrollment_settings(loaded.values), *account, std::nullopt, clock, log);
  if (!enrolled) return enrolled.error().error;
  logger.info("there is a new certificate for {}", files.node_id);
  return {};
}

}  // namespace p2p::node

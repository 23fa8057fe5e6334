#include "cli/tls_material.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "pki/certificate.hpp"

namespace p2p::cli {
namespace {

constexpr std::size_t kMaxPemBytes = 256 * 1024;

Failure missing(const Error& error, const char* what, const IdentityFiles& files) {
  if (error.kind() != Errc::not_found) return error;
  if (file_exists(files.ca)) {
    return {kUsage, fmt::format("no {} here ({})", what, error.context),
            "this is a node's home: run it where the coordinator is, or \"p2p-ctl context add NAME --bundle FILE\""};
  }
  return {kUsage, fmt::format("no {} here ({})", what, error.context),
          "make a fleet with \"p2p-ca init\", or join one with \"p2p-ctl context add NAME --bundle FILE\""};
}

}  // namespace

Result<std::string> cluster_of_ca(const std::string& ca_pem, const std::string& file) {
  const auto ca = pki::Certificate::from_pem(ca_pem, file);
  if (!ca) return ca.error();
  for (const std::string& uri : ca->facts().uris) {
    if (auto cluster = pki::parse_cluster_uri(uri)) return *cluster;
  }
  return Error(Errc::damaged, file + ": names no cluster; this is not the certificate of a p2p CA");
}

Attempt<net::TlsMaterial> read_tls_material(const Connection& connection) {
  net::TlsMaterial out;
  const IdentityFiles& files = connection.files;
  if (connection.token.empty() && !files.certificate.empty()) {
    auto certificate = read_file(files.certificate, kMaxPemBytes);
    if (!certificate) return missing(certificate.error(), "operator certificate", files);
    auto key = read_secret_file(files.key, kMaxPemBytes);
    if (!key) return missing(key.error(), "operator key", files);
    out.certificate = std::move(*certificate);
    out.private_key = std::move(*key);
  }
  auto ca = read_file(files.ca, kMaxPemBytes);
  if (!ca) return missing(ca.error(), "CA certificate", files);
  out.ca = std::move(*ca);
  auto cluster = cluster_of_ca(out.ca, files.ca.string());
  if (!cluster) return Failure(cluster.error());
  out.cluster_name = std::move(*cluster);
  return out;
}

}  // namespace p2p::cli

#include "config/paths.hpp"

namespace p2p::config {

CertificateFiles own_certificate_files(const NodeConfig& config,
                                       const std::function<bool(const std::string&)>& exists) {
  const auto files_of = [](const std::string& name) {
    return CertificateFiles{"certs/" + name + "_cert.pem", "certs/" + name + "_key.pem"};
  };
  CertificateFiles out = files_of(config.node_id);
  if (!exists(out.certificate)) {
    const CertificateFiles common = files_of("node");
    if (exists(common.certificate)) out = common;
  }
  if (!config.ssl_cert_file.empty()) out.certificate = config.ssl_cert_file;
  if (!config.ssl_key_file.empty()) out.key = config.ssl_key_file;
  return out;
}

}  // namespace p2p::config

// Where the files of a configuration are. Pure.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "config/node_config.hpp"

namespace p2p::config {

/// Turns configured paths into places. Home is absolute.
class Paths {
 public:
  explicit Paths(std::filesystem::path home) : home_(std::move(home)) {}

  const std::filesystem::path& home() const noexcept { return home_; }
  /// Relative paths are relative to home; absolute ones stay.
  std::filesystem::path resolve(const std::string& configured) const { return (home_ / configured).lexically_normal(); }
  std::filesystem::path certs() const { return home_ / "certs"; }
  /// `config/node.yaml`, which p2p-node reads without --config.
  std::filesystem::path default_config() const { return home_ / "config" / "node.yaml"; }
  std::filesystem::path state_directory(const NodeConfig& config) const { return resolve(config.state_directory); }
  /// A file of `state_directory`, such as gossip_state_file.
  std::filesystem::path state_file(const NodeConfig& config, const std::string& name) const {
    return (state_directory(config) / name).lexically_normal();
  }

 private:
  std::filesystem::path home_;
};

/// The node's certificate and key as configured paths (or names in the storage).
struct CertificateFiles {
  std::string certificate;
  std::string key;
  bool operator==(const CertificateFiles&) const = default;
};

/// What was configured, else `certs/<node_id>_cert.pem`, else, where only that is there, `certs/node_cert.pem`;
/// likewise for the key. `exists` is asked with such a path.
CertificateFiles own_certificate_files(const NodeConfig& config, const std::function<bool(const std::string&)>& exists);

}  // namespace p2p::config

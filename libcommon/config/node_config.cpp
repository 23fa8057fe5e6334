#include "config/node_config.hpp"

#include <algorithm>

namespace p2p::config {

std::string_view to_string(ClientCertificates value) noexcept {
  return value == ClientCertificates::all ? "all" : "nodes";
}

std::size_t session_threads(const NodeConfig& config, std::size_t core_count) {
  constexpr std::size_t kMaxOwn = 4;
  return config.threads != 0 ? config.threads : std::clamp<std::size_t>(core_count, 1, kMaxOwn);
}

}  // namespace p2p::config

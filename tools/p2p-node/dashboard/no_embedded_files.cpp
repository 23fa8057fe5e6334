// A build without the web page (-DP2P_DASHBOARD=OFF).
#include "embedded_files.hpp"

namespace p2p::node {

std::span<const EmbeddedFile> embedded_files() noexcept { return {}; }

}  // namespace p2p::node

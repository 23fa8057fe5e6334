#include "services/service_command.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace p2p::services {
namespace {

std::vector<std::string> environment_of(const Manifest& manifest, const NodeFacts& node) {
  const char* home = std::getenv("HOME");
  std::vector<std::string> out = {
      fmt::format("PATH={}", kServicePath),
      fmt::format("HOME={}", home != nullptr ? home : "/"),
      "LANG=C.UTF-8",
      fmt::format("P2P_SERVICE={}", manifest.name),
      fmt::format("P2P_NODE_ID={}", node.node_id),
      fmt::format("P2P_HOME={}", node.home),
  };
  for (const auto& [name, value] : manifest.env) {
    const std::string assignment = name + "=";
    std::erase_if(out, [&](const std::string& given) { return given.starts_with(assignment); });
    out.push_back(assignment + value);
  }
  if (!node.socket.empty()) out.push_back("P2P_NODE_SOCKET=" + node.socket);
  if (!node.mark.empty()) out.push_back(node.mark);
  return out;
}

}  // namespace

Command command_of(const ServiceFolder& folder, const NodeFacts& node) {
  return {folder.program, folder.manifest.command, environment_of(folder.manifest, node), folder.folder};
}

}  // namespace p2p::services

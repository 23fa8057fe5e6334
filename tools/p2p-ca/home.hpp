// Where home is: --home, else $P2P_HOME, else ~/.p2p.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace p2p::ca {

/// Absolute, not necessarily there; `invalid` without any of them.
inline Result<std::filesystem::path> find_home(const std::string& flag) {
  const char* from_environment = std::getenv("P2P_HOME");
  const char* user = std::getenv("HOME");
  if (!flag.empty()) return std::filesystem::absolute(flag);
  if (from_environment != nullptr && *from_environment != '\0') return std::filesystem::absolute(from_environment);
  if (user != nullptr && *user != '\0') return std::filesystem::absolute(user) / ".p2p";
  return Error(Errc::invalid, "no home: neither --home nor $P2P_HOME nor $HOME is set");
}

}  // namespace p2p::ca

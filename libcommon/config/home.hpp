// The outer side of configuration: where home is, and the files and environment that the loader is fed with.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"

namespace p2p::config {

/// The `--home` flag, else $P2P_HOME, else ~/.p2p; absolute, not necessarily there. `invalid` without any of them.
Result<std::filesystem::path> find_home(const std::string& flag);

/// Reads what load() needs: the file (`config_flag`, else config/node.yaml in home where it exists), this process's
/// environment, and the file names in certs/. A `config_flag` that cannot be read is an error.
Result<Sources> gather_sources(const Paths& paths, const std::string& config_flag, std::vector<std::string> settings);

}  // namespace p2p::config

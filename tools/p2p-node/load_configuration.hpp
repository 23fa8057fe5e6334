// The configuration of a home, as this tool's commands read it.
#pragma once

#include <string>
#include <vector>

#include "cli/failure.hpp"
#include "cli/reporter.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"

namespace p2p::node {

/// `file` (empty: config/node.yaml in home) with environment and `settings` over it. All problems but the last are told
/// to `report`, with the warnings; the last is the failure. Without a reporter the failure has them all.
cli::Attempt<config::LoadedConfig> load_configuration(const config::Paths& paths, const std::string& file,
                                                      const std::vector<std::string>& settings, cli::Reporter* report);

/// The same of `text`, which is to become config/node.yaml in home.
cli::Attempt<config::LoadedConfig> load_configuration_text(const config::Paths& paths, const std::string& text,
                                                           cli::Reporter& report);

}  // namespace p2p::node

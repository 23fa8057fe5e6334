// The daemon: the one place where the parts meet. Built from a checked configuration, run until a signal ends it.
#pragma once

#include <functional>
#include <memory>

#include "cli/failure.hpp"
#include "config/loader.hpp"
#include "config/paths.hpp"

namespace p2p::node {

struct NodeOptions {
  config::LoadedConfig config;
  config::Paths paths;
  /// Reads the configuration anew, for SIGHUP.
  std::function<Result<config::LoadedConfig>()> reload;
};

/// Runs a node until SIGTERM or SIGINT, on this thread and its loops. A failure to start, or a name that another live
/// process has, comes back as a failure with a hint.
cli::Attempt<void> run_node(NodeOptions options);

}  // namespace p2p::node

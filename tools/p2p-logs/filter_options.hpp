// The options that say which records are wanted, the same for every subcommand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "cli/command.hpp"

namespace p2p::logs {

struct FilterOptions {
  std::vector<std::string> nodes;
  std::vector<std::string> loggers;
  std::string level;
  std::string grep;
  std::string regex;
  std::optional<std::string> since;
  std::optional<std::string> until;

  /// --node, --logger, --level, --grep, --regex.
  void declare(cli::Options& options);
  /// --since, --until.
  void declare_times(cli::Options& options);

  /// The members that `/ws/logs` takes; the parameters of `/api/logs` have the same names. A wrong filter is refused
  /// here, without the coordinator.
  cli::Attempt<Json> parameters() const;
};

/// `?name=value&…` of an object's texts and numbers.
std::string query_string(const Json& parameters);

}  // namespace p2p::logs

// Makes a NodeConfig out of file, environment and command line: flag > environment > file > default. Every problem is
// told with its place, not only the first. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node_config.hpp"

namespace p2p::config {

inline constexpr std::size_t kMaxProblems = 20;

/// Where a value comes from.
struct Origin {
  enum class Source : unsigned char { initial, derived, file, environment, flag };
  Source source = Source::initial;
  std::string where;  ///< `node.yaml:3:7`, `P2P_PORT`, `--set port`, `certs/worker-1_cert.pem`; `default` for initial
};

struct LoadedConfig {
  NodeConfig values;
  std::map<std::string, Origin, std::less<>> origins;  ///< one entry for every key

  /// True when someone wrote the key down (file, environment or flag).
  bool given(std::string_view key) const;
};

/// Everything that the outer loader reads, as values.
struct Sources {
  std::string file_text;
  std::string file_name;  ///< as messages shall call it; empty when there is no file
  std::vector<std::pair<std::string, std::string>>
      environment;                    ///< the whole environment; others than P2P_* are skipped
  std::vector<std::string> settings;  ///< `key=value` of each --set, the last one wins
  /// File names in certs/, from which node_id is taken when it is not given: see node_ids_of_certificates().
  std::vector<std::string> certificate_files;
};

struct LoadOutcome {
  LoadedConfig config;                ///< good for use only without problems
  std::vector<std::string> problems;  ///< `node.yaml:3:1: unknown key "prot"; did you mean "port"?`
  std::vector<std::string> warnings;
  std::string hint{};  ///< what to do about the problem, where there is one thing to do
};

LoadOutcome load(const Sources& sources);

/// The names of which both NAME_cert.pem and NAME_key.pem are there, without `ca`, `operator` and `node`.
std::vector<std::string> node_ids_of_certificates(const std::vector<std::string>& file_names);

/// The keys of which the values differ, apart by whether SIGHUP takes them over.
struct Changes {
  std::vector<std::string> live;
  std::vector<std::string> after_restart;
};
Changes compare(const NodeConfig& before, const NodeConfig& after);
/// Gives `running` the values of `loaded` that SIGHUP takes over.
void take_live(NodeConfig& running, const NodeConfig& loaded);

}  // namespace p2p::config

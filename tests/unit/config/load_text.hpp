// Shorthands of the tests of configuration.
#pragma once

#include <string>

#include "config/loader.hpp"

namespace p2p::config {

/// Loads a file called node.yaml; gives it a node_id by a flag, so that tests speak of their own keys only.
inline LoadOutcome load_text(std::string text, std::vector<std::string> settings = {}) {
  Sources sources;
  sources.file_text = std::move(text);
  sources.file_name = "node.yaml";
  settings.insert(settings.begin(), "node_id=node-1");
  sources.settings = std::move(settings);
  return load(sources);
}

/// The only problem, or all of them in one text.
inline std::string problem_of(const std::string& text) {
  std::string out;
  for (const auto& problem : load_text(text).problems) out += (out.empty() ? "" : "\n") + problem;
  return out;
}

}  // namespace p2p::config

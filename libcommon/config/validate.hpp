// Rules that concern several keys at once. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/loader.hpp"

namespace p2p::config {

struct Contradiction {
  std::string_view key;  ///< whose place the message names
  std::string text;
};

/// Expects that each value by itself is good and that derived values are filled in.
std::vector<Contradiction> contradictions(const LoadedConfig& config);

}  // namespace p2p::config

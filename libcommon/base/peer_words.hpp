// What another machine says went wrong.
#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace p2p {

/// Its words as they may stand in an error, a log line or on a terminal: the first 300 bytes, escaped.
inline std::string peer_words(std::string_view text) {
  constexpr std::size_t kMostShown = 300;
  return escape_controls(text.substr(0, kMostShown));
}

}  // namespace p2p

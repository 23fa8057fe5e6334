// Colours of the terminal, by meaning. Basic SGR colours, which every theme adapts; no blue, which dark themes hide.
// Pure.
#pragma once

#include <string_view>

namespace p2p::cli {

enum class Style : unsigned char { plain, good, warn, bad, dim, heading };

inline constexpr std::string_view kResetStyle = "\x1b[0m";

constexpr std::string_view style_code(Style style) noexcept {
  switch (style) {
    case Style::good: return "\x1b[32m";
    case Style::warn: return "\x1b[33m";
    case Style::bad: return "\x1b[31m";
    case Style::dim: return "\x1b[2m";
    case Style::heading: return "\x1b[1m";
    case Style::plain: break;
  }
  return {};
}

}  // namespace p2p::cli

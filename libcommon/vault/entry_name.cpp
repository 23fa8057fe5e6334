#include "vault/entry_name.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "vault/limits.hpp"

namespace p2p::vault {
namespace {

constexpr std::size_t kMaxShownBytes = 80;

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

/// U+0080 to U+009F, in UTF-8.
bool has_c1_control(std::string_view name) {
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    if (name[i] == '\xc2' && static_cast<unsigned char>(name[i + 1]) < 0xa0) return true;
  }
  return false;
}

std::string_view fault_of(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kMaxNameBytes) return "it is too long";
  if (!is_utf8(name)) return "it is not UTF-8";
  if (std::any_of(name.begin(), name.end(), is_control) || has_c1_control(name)) return "it has a control character";
  if (name.find('\\') != std::string_view::npos) return "it has a backslash";
  for (const auto& part : split(name, '/')) {
    if (part.empty()) return "it begins or ends with / or has // in it";
    if (part == "." || part == "..") return "it has . or .. in it";
  }
  return {};
}

}  // namespace

std::string quoted_name(std::string_view name) {
  const bool is_long = name.size() > kMaxShownBytes;
  return fmt::format("\"{}{}\"", escape_controls(name.substr(0, kMaxShownBytes)), is_long ? "…" : "");
}

Error name_clash(std::string_view name, std::string_view folder) {
  return {Errc::invalid, fmt::format("{} and {} cannot both be entries: the one is a folder of the other",
                                     quoted_name(folder), quoted_name(name))};
}

Result<void> check_entry_name(std::string_view name) {
  const auto fault = fault_of(name);
  if (fault.empty()) return {};
  return Error(Errc::invalid, fmt::format("{} is no name for an entry: {}", quoted_name(name), fault));
}

}  // namespace p2p::vault

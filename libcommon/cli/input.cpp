#include "cli/input.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace p2p::cli {

Result<void> check_read(const std::istream& in) {
  if (!in.bad()) return {};
  return Error(Errc::invalid, "standard input is closed, or cannot be read");
}

Result<std::string> read_whole(std::istream& in, std::size_t max_bytes) {
  std::string text(max_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (auto checked = check_read(in); !checked) return checked.error();
  const auto size = static_cast<std::size_t>(in.gcount());
  if (size > max_bytes) {
    return Error(Errc::too_large, fmt::format("standard input is larger than {}", format_bytes(max_bytes)));
  }
  text.resize(size);
  return text;
}

}  // namespace p2p::cli

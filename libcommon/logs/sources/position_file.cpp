#include "logs/sources/position_file.hpp"

#include "base/file.hpp"
#include "base/json.hpp"

namespace p2p::logs {
namespace {
constexpr std::size_t kMaxFileBytes = 4 << 20;
}

Result<void> PositionFile::load() {
  auto text = read_file(path_, kMaxFileBytes);
  if (!text) return text.error().kind() == Errc::not_found ? Result<void>() : text.error();
  const auto object = parse_json(*text);
  if (!object || !object->is_object()) return Error(Errc::damaged, path_.string() + " is damaged");
  if (const Json* member = find_member(*object, "positions"); member != nullptr && member->is_object()) {
    for (const auto& [source, position] : member->items()) {
      if (position.is_string()) positions[source] = position.get<std::string>();
    }
  }
  if (const Json* member = find_member(*object, "known"); member != nullptr && member->is_array()) {
    for (const auto& text_of : *member) {
      if (text_of.is_string()) known.insert(text_of.get<std::string>());
    }
  }
  written_ = std::move(*text);
  return {};
}

std::string PositionFile::encode() const { return dump_json(Json{{"known", known}, {"positions", positions}}) + "\n"; }

Result<void> PositionFile::save() {
  std::string text = encode();
  if (text == written_) return {};
  if (auto written = write_file(path_, text, kPublicMode); !written) return written;
  written_ = std::move(text);
  return {};
}

}  // namespace p2p::logs

#include "net/event_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "net/field_text.hpp"

namespace p2p::net {

bool names_event_stream(std::string_view field) noexcept {
  while (!field.empty()) {
    std::string_view type = next_element(field);
    type = type.substr(0, type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    if (equals_ignoring_case(type, kEventStreamType)) return true;
  }
  return false;
}

void append_event(std::string& out, std::string_view name, std::string_view data) {
  out.append("event: ").append(name).append("\ndata: ");
  std::transform(data.begin(), data.end(), std::back_inserter(out),
                 [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
  out += "\n\n";
}

Result<void> EventReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (line_.size() + data_.size() + end > kMaxEventBytes) {
      return Error(Errc::too_large, fmt::format("an event is larger than {} bytes", kMaxEventBytes));
    }
    line_.append(bytes.substr(0, end));
    if (end == bytes.size()) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line();
  }
  return {};
}

void EventReader::take_line() {
  const std::string taken = std::exchange(line_, {});
  std::string_view line = taken;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) {
    const std::string name = std::exchange(name_, {});
    std::string data = std::exchange(data_, {});
    if (std::exchange(has_data_, false)) on_event_(name, std::move(data));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  take_field(line.substr(0, colon), value);
}

void EventReader::take_field(std::string_view name, std::string_view value) {
  if (name == "event") name_ = value;
  if (name != "data") return;
  if (std::exchange(has_data_, true)) data_ += '\n';
  data_ += value;
}

}  // namespace p2p::net

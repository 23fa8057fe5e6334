// Event streams of peers: however the bytes are cut, the events are the same, and what is written is read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/event_stream.hpp"

namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events read_in_pieces(std::string_view text, std::size_t size) {
  Events out;
  p2p::net::EventReader reader(
      [&](std::string_view name, std::string data) { out.emplace_back(name, std::move(data)); });
  while (!text.empty()) {
    if (!reader.feed(text.substr(0, size))) std::abort();
    text.remove_prefix(std::min(size, text.size()));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  p2p::net::names_event_stream(text);
  const Events events = read_in_pieces(text, text.size());
  for (const std::size_t piece : {1, 2, 7}) {
    if (read_in_pieces(text, piece) != events) std::abort();
  }
  std::string written;
  p2p::net::append_event(written, "progress", text);
  const Events again = read_in_pieces(written, written.size());
  if (again.size() != 1 || again[0].first != "progress" || again[0].second.size() != text.size()) std::abort();
  return 0;
}

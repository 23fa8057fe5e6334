#include "services/line_splitter.hpp"

#include <algorithm>
#include <utility>

namespace p2p::services {

std::string LineSplitter::take() {
  std::string out = std::exchange(line_, {});
  if (!out.empty() && out.back() == '\r') out.pop_back();
  return out;
}

std::vector<std::string> LineSplitter::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    line_.append(bytes.substr(0, std::min(end, max_bytes_ - line_.size())));
    if (end == bytes.size()) break;
    bytes.remove_prefix(end + 1);
    if (std::string line = take(); !line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string LineSplitter::finish() { return take(); }

}  // namespace p2p::services

// The example configurations load, show every key, and say of each value whether it is the default.
#include <doctest/doctest.h>

#include <set>

#include "base/file.hpp"
#include "base/text.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"
#include "config/yaml_reader.hpp"
#include "load_text.hpp"

using namespace p2p::config;

namespace {

std::string example(const std::string& name) {
  auto text = p2p::read_file(std::string(P2P_SOURCE_DIR "/config/") + name, kMaxConfigBytes);
  REQUIRE(text.has_value());
  return *text;
}

/// `key: value` of a line, commented out or not; an empty key for prose.
struct Line {
  std::string key, text, remark;
};

Line read_line(std::string_view line) {
  Line out;
  if (line.starts_with("# ")) line.remove_prefix(2);
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos || find_key(line.substr(0, colon)) == nullptr) return out;
  out.key = line.substr(0, colon);
  const std::size_t remark = line.find("  #");
  out.text = line.substr(0, remark);
  if (remark != std::string_view::npos) out.remark = p2p::trim(line.substr(remark + 3));
  return out;
}

void check_lines(const std::string& text, std::set<std::string>& seen) {
  for (const std::string& raw : p2p::split(text, '\n')) {
    const Line line = read_line(raw);
    if (line.key.empty()) continue;
    CAPTURE(raw);
    seen.insert(line.key);
    const auto loaded = load_text(line.text);
    const std::string marker = "default: ";
    const Key& key = *find_key(line.key);
    if (line.remark.starts_with(marker)) {
      CHECK(line.remark.substr(marker.size()) == default_text(key));
    } else {
      CHECK(loaded.problems == std::vector<std::string>{});
      CHECK(to_yaml(key, get(loaded.config.values, key)) == to_yaml(key, get(NodeConfig{}, key)));
    }
  }
}

}  // namespace

TEST_CASE("the coordinator's example loads and shows every key") {
  const std::string text = example("coordinator.yaml");
  Sources sources{text, "coordinator.yaml", {}, {}, {}};
  const auto out = load(sources);
  CHECK(out.problems == std::vector<std::string>{});
  CHECK(out.config.values.node_id == "coordinator-1");
  CHECK(out.config.values.coordinator_mode);

  std::set<std::string> seen;
  check_lines(text, seen);
  for (const Key& key : keys()) {
    CAPTURE(key.name);
    CHECK(seen.contains(std::string(key.name)));
  }
}

TEST_CASE("with every comment sign removed the coordinator's example still loads") {
  std::string all;
  for (const std::string& line : p2p::split(example("coordinator.yaml"), '\n')) {
    if (const Line parsed = read_line(line); !parsed.key.empty()) all += parsed.text + "\n";
  }
  CHECK(load(Sources{all, "coordinator.yaml", {}, {}, {}}).problems == std::vector<std::string>{});
}

TEST_CASE("the worker's example loads") {
  const std::string text = example("worker.yaml");
  const auto out = load(Sources{text, "worker.yaml", {}, {}, {}});
  CHECK(out.problems == std::vector<std::string>{});
  CHECK(out.config.values.coordinator_addresses == std::vector<std::string>{"coordinator-1:8001"});
  std::set<std::string> seen;
  check_lines(text, seen);
}

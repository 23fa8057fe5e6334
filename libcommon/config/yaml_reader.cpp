#include "config/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>

#include "base/text.hpp"

namespace p2p::config {
namespace {

Position position_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

/// Ends the parse after its problem was recorded.
class Stop : public std::exception {};

/// Collects the events of the parser; sees anchors, tags and depth before anything is built from them.
class Collector final : public YAML::EventHandler {
 public:
  explicit Collector(YamlFile& out) : out_(out) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "a second document begins here; a configuration is one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    scalar(mark, "?", anchor, {YamlScalar::Kind::null, {}, position_of(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { stop(mark, "aliases (*name) are not accepted"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const auto kind = tag == "!" ? YamlScalar::Kind::quoted : YamlScalar::Kind::plain;
    scalar(mark, tag, anchor, {kind, value, position_of(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin_container(mark, tag, anchor, YamlEntry::Shape::list);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin_container(mark, tag, anchor, YamlEntry::Shape::other);
  }
  void OnMapEnd() override { --depth_; }

 private:
  [[noreturn]] void stop(const YAML::Mark& mark, std::string why) {
    out_.problems.push_back({position_of(mark), std::move(why)});
    throw Stop();
  }

  void refuse_extras(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) stop(mark, "anchors (&name) are not accepted");
    if (!tag.empty() && tag != "?" && tag != "!") stop(mark, "tags (!name) are not accepted");
  }

  void scalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlScalar value) {
    refuse_extras(mark, tag, anchor);
    if (depth_ == 0) {
      if (value.kind == YamlScalar::Kind::null) return;  // an empty file
      stop(mark, "expects lines of the form \"key: value\"");
    }
    if (depth_ == 1 && expects_key_) {
      if (value.kind == YamlScalar::Kind::null) stop(mark, "a key is missing");
      out_.entries.push_back({std::move(value.text), value.at, YamlEntry::Shape::scalar, value.at, {}});
      expects_key_ = false;
      return;
    }
    YamlEntry& entry = out_.entries.back();
    if (depth_ == 1) {
      entry.value_at = value.at;
      expects_key_ = true;
    }
    if (depth_ <= 2 && entry.shape != YamlEntry::Shape::other) entry.values.push_back(std::move(value));
  }

  void begin_container(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlEntry::Shape shape) {
    refuse_extras(mark, tag, anchor);
    if (depth_ >= kMaxYamlDepth) stop(mark, fmt::format("nested deeper than {}", kMaxYamlDepth));
    if (depth_ == 0 && shape == YamlEntry::Shape::list)
      stop(mark, "expects lines of the form \"key: value\", not a list");
    if (depth_ == 1) {
      if (expects_key_) stop(mark, "a key is one word");
      out_.entries.back().shape = shape;
      out_.entries.back().value_at = position_of(mark);
      expects_key_ = true;
    } else if (depth_ > 1) {
      out_.entries.back().shape = YamlEntry::Shape::other;
    }
    ++depth_;
  }

  YamlFile& out_;
  int documents_ = 0;
  int depth_ = 0;
  bool expects_key_ = true;  // only at depth 1
};

/// The place of the first byte that is not UTF-8 or is NUL, if any.
bool check_bytes(std::string_view text, YamlFile& out) {
  Position at;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!is_utf8(line)) {
      out.problems.push_back({at, "this line is not UTF-8"});
      return false;
    }
    if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos) {
      out.problems.push_back({{at.line, static_cast<int>(nul) + 1}, "a NUL byte"});
      return false;
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    ++at.line;
  }
  return true;
}

}  // namespace

YamlFile read_yaml(std::string_view text) {
  YamlFile out;
  if (text.size() > kMaxConfigBytes) {
    out.problems.push_back({{}, fmt::format("larger than {}", format_bytes(kMaxConfigBytes))});
    return out;
  }
  if (!check_bytes(text, out)) return out;
  std::istringstream stream{std::string(text)};
  Collector collector(out);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(collector)) {
    }
  } catch (const Stop&) {
  } catch (const YAML::Exception& failure) {
    out.problems.push_back(
        {failure.mark.is_null() ? Position{} : position_of(failure.mark), escape_controls(failure.msg)});
  }
  const bool cut = !out.entries.empty() && out.entries.back().shape == YamlEntry::Shape::scalar;
  if (cut && out.entries.back().values.empty()) out.entries.pop_back();
  return out;
}

}  // namespace p2p::config

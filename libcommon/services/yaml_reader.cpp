#include "services/yaml_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "base/text.hpp"

namespace p2p::services {
namespace {

constexpr int kMaxNodes = 10'000;

/// A plain scalar by YAML's core schema; yaml-cpp tags quoted ones with "!".
Json scalar_to_json(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  // JSON's numbers are a subset of YAML's; what else YAML calls a number (octal, .inf) is text here.
  if (auto number = parse_json(text); number && number->is_number()) return std::move(*number);
  return text;
}

Json to_json(const YamlField& field, const YAML::Node& node, int depth, int& budget) {
  if (depth > kMaxJsonDepth) field.fail("is nested too deep");
  if (--budget < 0) field.fail("has too many values");
  if (node.IsNull()) return nullptr;
  if (node.IsScalar()) return scalar_to_json(node);
  if (node.IsSequence()) {
    Json out = Json::array();
    for (const auto& element : node) out.push_back(to_json(field, element, depth + 1, budget));
    return out;
  }
  Json out = Json::object();
  for (const auto& member : node) {
    if (!member.first.IsScalar()) field.fail("has a key that is no text");
    out[member.first.Scalar()] = to_json(field, member.second, depth + 1, budget);
  }
  return out;
}

}  // namespace

void YamlField::fail(std::string_view why) const {
  const std::string prefix = key_.empty() ? std::string() : escape_controls(key_.substr(0, 64)) + ": ";
  throw YamlFlaw{place_.line, place_.column, prefix + std::string(why)};
}

std::string YamlField::text(std::size_t max_bytes) const {
  if (!value_.IsScalar()) fail("must be text");
  const std::string& text = value_.Scalar();
  if (text.size() > max_bytes) fail(fmt::format("must have at most {} bytes", max_bytes));
  if (!is_utf8(text)) fail("must be UTF-8");
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
      fail("must not hold control characters");
    }
  }
  return text;
}

bool YamlField::boolean() const {
  const std::string value = value_.IsScalar() && value_.Tag() != "!" ? value_.Scalar() : std::string();
  if (value != "true" && value != "false") fail("must be true or false");
  return value == "true";
}

std::uint64_t YamlField::count(std::uint64_t least, std::uint64_t most) const {
  const std::string text = value_.IsScalar() ? value_.Scalar() : std::string();
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    fail(fmt::format("must be a whole number from {} to {}", least, most));
  }
  return number;
}

std::chrono::milliseconds YamlField::duration(std::chrono::milliseconds most) const {
  const auto parsed = parse_duration(value_.IsScalar() ? value_.Scalar() : std::string());
  if (!parsed || parsed->count() < 1 || *parsed > most) {
    fail(fmt::format("must be a duration such as 500ms, 10s or 5m, at most {}", format_duration(most)));
  }
  return *parsed;
}

std::vector<YamlField> YamlField::list(std::size_t max_count) const {
  if (!value_.IsSequence()) fail("must be a list");
  if (value_.size() > max_count) fail(fmt::format("must have at most {} elements", max_count));
  std::vector<YamlField> out;
  for (const auto& element : value_) {
    out.emplace_back(fmt::format("{}[{}]", key_, out.size()), element, element.Mark());
  }
  return out;
}

std::vector<YamlField> YamlField::mapping(std::size_t max_count) const {
  if (!value_.IsMap()) fail("must be a mapping of keys to values");
  if (value_.size() > max_count) fail(fmt::format("must have at most {} keys", max_count));
  std::vector<YamlField> out;
  std::set<std::string> seen;
  for (const auto& member : value_) {
    if (!member.first.IsScalar()) fail("has a key that is no text");
    YamlField field(member.first.Scalar(), member.second, member.first.Mark());
    if (!seen.insert(field.key()).second) field.fail("is repeated");
    out.push_back(std::move(field));
  }
  return out;
}

Json YamlField::json() const {
  int budget = kMaxNodes;
  return to_json(*this, value_, 0, budget);
}

void fail_unknown_key(const YamlField& field, const std::vector<std::string_view>& known) {
  field.fail("is not a known key" + did_you_mean(field.key(), known));
}

Error to_error(const YamlFlaw& flaw, std::string_view file) {
  return {Errc::invalid, fmt::format("{}:{}:{}: {}", file, flaw.line + 1, flaw.column + 1, flaw.what)};
}

Result<YamlField> open_yaml(std::string_view text, std::string_view file) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() != 1) {
      return Error(Errc::invalid, fmt::format("{}: holds {} YAML documents instead of one", file, documents.size()));
    }
    return YamlField("", documents.front(), documents.front().Mark());
  } catch (const YAML::Exception& failure) {
    return to_error({failure.mark.line, failure.mark.column, failure.msg}, file);
  }
}

}  // namespace p2p::services

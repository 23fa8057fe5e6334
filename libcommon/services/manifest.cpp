#include "services/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "rpc/schema.hpp"
#include "services/yaml_reader.hpp"

namespace p2p::services {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMaxCount = 1'000'000;
constexpr milliseconds kMaxInterval{24 * 3'600'000};

/// Service and method names: no dot, as it stands between the two.
bool is_plain_name(std::string_view text) { return is_valid_name(text) && text.find('.') == std::string_view::npos; }

bool is_variable_name(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  return !text.empty() && fits(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return fits(c) || (c >= '0' && c <= '9'); });
}

std::string plain_name(const YamlField& field) {
  std::string name = field.text(63);
  if (!is_plain_name(name)) field.fail("must be 1 to 63 letters, digits, - or _");
  return name;
}

Protocol protocol(const YamlField& field) {
  const std::string text = field.text(16);
  if (text == "exec") return Protocol::exec;
  if (text == "stdio") return Protocol::stdio;
  field.fail("must be exec or stdio");
}

std::vector<std::string> command(const YamlField& field) {
  std::vector<std::string> argv;
  for (const YamlField& part : field.list(kMaxArguments)) argv.push_back(part.text(kMaxTextBytes));
  if (argv.empty() || argv.front().empty()) field.fail("must name a program");
  return argv;
}

std::vector<std::pair<std::string, std::string>> environment(const YamlField& field) {
  std::vector<std::pair<std::string, std::string>> env;
  for (const YamlField& variable : field.mapping(kMaxEnvironment)) {
    if (!is_variable_name(variable.key())) variable.fail("is no name of an environment variable");
    if (variable.key().starts_with("P2P_")) variable.fail("is set by the node itself");
    env.emplace_back(variable.key(), variable.text(kMaxTextBytes));
  }
  return env;
}

std::string params_schema(const YamlField& field) {
  const Json document = field.json();
  if (auto compiled = rpc::Schema::compile(document); !compiled) field.fail(compiled.error().context);
  return dump_json(document);
}

std::string result_schema(const YamlField& field) {
  const Json document = field.json();
  if (!document.is_object()) field.fail("must be an object");
  return dump_json(document);
}

ManifestMethod method(const YamlField& field) {
  ManifestMethod out;
  const YamlKeys<ManifestMethod> keys = {
      {"name", [](auto& m, const auto& f) { m.name = plain_name(f); }},
      {"description", [](auto& m, const auto& f) { m.description = f.text(kMaxTextBytes); }},
      {"params", [](auto& m, const auto& f) { m.params_schema = params_schema(f); }},
      {"result", [](auto& m, const auto& f) { m.result_schema = result_schema(f); }},
      {"public", [](auto& m, const auto& f) { m.is_public = f.boolean(); }},
      {"idempotent", [](auto& m, const auto& f) { m.idempotent = f.boolean(); }},
      {"timeout", [](auto& m, const auto& f) { m.timeout = f.duration(kMaxMethodTimeout); }},
      {"max_inflight", [](auto& m, const auto& f) { m.max_inflight = f.count(1, kMaxInflight); }},
  };
  read_keys(field, keys, out);
  if (out.name.empty()) field.fail("needs a name");
  return out;
}

std::vector<ManifestMethod> methods(const YamlField& field) {
  std::vector<ManifestMethod> out;
  std::set<std::string> seen;
  for (const YamlField& element : field.list(kMaxMethods)) {
    out.push_back(method(element));
    if (!seen.insert(out.back().name).second) element.fail(fmt::format("repeats method \"{}\"", out.back().name));
  }
  if (out.empty()) field.fail("must list at least one method");
  return out;
}

Health health(const YamlField& field) {
  Health out;
  const YamlKeys<Health> keys = {
      {"interval", [](auto& h, const auto& f) { h.interval = f.duration(kMaxInterval); }},
      {"timeout", [](auto& h, const auto& f) { h.timeout = f.duration(kMaxInterval); }},
      {"failures", [](auto& h, const auto& f) { h.failures = f.count(1, kMaxCount); }},
  };
  read_keys(field, keys, out);
  return out;
}

Restart restart(const YamlField& field) {
  Restart out;
  const YamlKeys<Restart> keys = {
      {"delay", [](auto& r, const auto& f) { r.delay = f.duration(kMaxInterval); }},
      {"max_delay", [](auto& r, const auto& f) { r.max_delay = f.duration(kMaxInterval); }},
      {"reset_after", [](auto& r, const auto& f) { r.reset_after = f.duration(kMaxInterval); }},
      {"degraded_after", [](auto& r, const auto& f) { r.degraded_after = f.count(1, kMaxCount); }},
      {"degraded_within", [](auto& r, const auto& f) { r.degraded_within = f.duration(kMaxInterval); }},
  };
  read_keys(field, keys, out);
  if (out.max_delay < out.delay) field.fail("max_delay must not be below delay");
  return out;
}

Manifest manifest(const YamlField& root) {
  Manifest out;
  const YamlKeys<Manifest> keys = {
      {"name", [](auto& m, const auto& f) { m.name = plain_name(f); }},
      {"version", [](auto& m, const auto& f) { m.version = f.text(64); }},
      {"description", [](auto& m, const auto& f) { m.description = f.text(kMaxTextBytes); }},
      {"command", [](auto& m, const auto& f) { m.command = command(f); }},
      {"protocol", [](auto& m, const auto& f) { m.protocol = protocol(f); }},
      {"env", [](auto& m, const auto& f) { m.env = environment(f); }},
      {"methods", [](auto& m, const auto& f) { m.methods = methods(f); }},
      {"instances", [](auto& m, const auto& f) { m.instances = f.count(1, kMaxInstances); }},
      {"health", [](auto& m, const auto& f) { m.health = health(f); }},
      {"restart", [](auto& m, const auto& f) { m.restart = restart(f); }},
  };
  read_keys(root, keys, out);
  if (out.name.empty()) root.fail("needs a name");
  if (out.command.empty()) root.fail("needs a command");
  if (out.methods.empty()) root.fail("needs methods");
  const auto reserved = [](const ManifestMethod& method) { return method.name == kInitializeMethod; };
  if (out.protocol == Protocol::stdio && std::any_of(out.methods.begin(), out.methods.end(), reserved)) {
    root.fail(fmt::format("method \"{}\" has a meaning of its own in protocol stdio", kInitializeMethod));
  }
  return out;
}

}  // namespace

std::string_view to_string(Protocol value) noexcept { return value == Protocol::exec ? "exec" : "stdio"; }

Result<Manifest> parse_manifest(std::string_view text, std::string_view file) {
  if (text.size() > kMaxManifestBytes) {
    return Error(Errc::too_large, fmt::format("{}: larger than {} bytes", file, kMaxManifestBytes));
  }
  return read_yaml<Manifest>(text, file, manifest);
}

}  // namespace p2p::services

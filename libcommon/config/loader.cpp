#include "config/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "config/validate.hpp"
#include "config/value.hpp"
#include "config/yaml_reader.hpp"

namespace p2p::config {
namespace {

constexpr std::string_view kPrefix = "P2P_";
/// Read by the tools, and no keys.
constexpr std::array<std::string_view, 10> kOtherVariables{
    "P2P_HOME",       "P2P_COORDINATOR", "P2P_TOKEN",           "P2P_VAULT_PASSWORD",  "P2P_VAULT_NEW_PASSWORD",
    "P2P_INVITATION", "P2P_NODE_SOCKET", "P2P_BACKUP_PASSWORD", "P2P_EXPORT_PASSWORD", "P2P_BIN_DIR"};

std::string variable_of(const Key& key) {
  std::string out(kPrefix);
  for (const char c : key.name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::string shown(std::string_view text) { return escape_controls(text.substr(0, 64)); }

/// Gathers values from the weakest source to the strongest.
class Loader {
 public:
  explicit Loader(const Sources& sources) : sources_(sources) {
    for (const Key& key : keys()) origin(key) = {Origin::Source::initial, "default"};
  }

  LoadOutcome run() {
    read_file();
    read_environment();
    read_settings();
    derive();
    if (out_.problems.empty()) {
      for (const Contradiction& found : contradictions(out_.config)) {
        const Origin& from = out_.config.origins.find(found.key)->second;
        const bool written = from.source != Origin::Source::initial && from.source != Origin::Source::derived;
        problem(written && from.source == Origin::Source::file
                    ? fmt::format("{}: {}: {}", from.where, found.key, found.text)
                : written ? fmt::format("{}: {}", from.where, found.text)
                          : fmt::format("{}: {}", found.key, found.text));
      }
    }
    if (dropped_ > 0) out_.problems.push_back(fmt::format("and {} more", dropped_));
    return std::move(out_);
  }

 private:
  Origin& origin(const Key& key) { return out_.config.origins[std::string(key.name)]; }

  void problem(std::string text) {
    if (out_.problems.size() < kMaxProblems)
      out_.problems.push_back(std::move(text));
    else
      ++dropped_;
  }

  void take(const Key& key, const Result<Value>& value, Origin from, const std::string& prefix) {
    if (!value) {
      problem(prefix + value.error().context);
      return;
    }
    set(out_.config.values, key, *value);
    origin(key) = std::move(from);
  }

  std::string place(Position at) const { return fmt::format("{}:{}:{}", sources_.file_name, at.line, at.column); }

  void read_file() {
    const YamlFile file = read_yaml(sources_.file_text);
    std::map<std::string_view, int> seen;
    for (const YamlEntry& entry : file.entries) {
      const auto [first, fresh] = seen.emplace(entry.key, entry.key_at.line);
      const Key* key = find_key(entry.key);
      if (!fresh) {
        problem(fmt::format("{}: {}: already given in line {}", place(entry.key_at), shown(entry.key), first->second));
      } else if (key == nullptr) {
        problem(
            fmt::format("{}: unknown key \"{}\"{}", place(entry.key_at), shown(entry.key), did_you_mean(entry.key)));
      } else {
        read_entry(*key, entry);
      }
    }
    for (const YamlProblem& found : file.problems) problem(fmt::format("{}: {}", place(found.at), found.text));
  }

  void read_entry(const Key& key, const YamlEntry& entry) {
    const Origin from{Origin::Source::file, place(entry.value_at)};
    const auto prefix = [&](Position at) { return fmt::format("{}: {}: ", place(at), key.name); };
    const bool list = type_of(key) == Type::list;
    if (entry.shape == YamlEntry::Shape::other || list != (entry.shape == YamlEntry::Shape::list)) {
      problem(prefix(entry.value_at) +
              fmt::format("expects {}{}", describe_type(key), list ? ", as in [\"one\", \"two\"]" : ""));
      return;
    }
    if (entry.values.size() > kMaxListEntries) {
      problem(prefix(entry.value_at) + fmt::format("has more than {} entries", kMaxListEntries));
      return;
    }
    std::vector<std::string> entries;
    for (const YamlScalar& scalar : entry.values) {
      const auto value = read_scalar(key, scalar);
      if (!list) return take(key, value, from, prefix(scalar.at));
      if (!value) return problem(prefix(scalar.at) + value.error().context);
      entries.push_back(std::get<std::string>(*value));
    }
    take(key, Value(std::move(entries)), from, {});
  }

  static Result<Value> read_scalar(const Key& key, const YamlScalar& scalar) {
    if (scalar.kind == YamlScalar::Kind::null) {
      return Error(Errc::invalid, fmt::format("has no value; expects {}, or leave the line out", describe_type(key)));
    }
    return parse_scalar(key, scalar.text, scalar.kind == YamlScalar::Kind::quoted ? Style::quoted : Style::plain);
  }

  void read_environment() {
    std::map<std::string, const Key*, std::less<>> variables;
    for (const Key& key : keys()) variables.emplace(variable_of(key), &key);
    for (const auto& [name, value] : sources_.environment) {
      if (!name.starts_with(kPrefix)) continue;
      if (const auto found = variables.find(name); found != variables.end()) {
        const Key& key = *found->second;
        take(key, parse_outside(key, value), {Origin::Source::environment, name}, name + ": ");
      } else if (std::find(kOtherVariables.begin(), kOtherVariables.end(), name) == kOtherVariables.end()) {
        std::vector<std::string_view> known(kOtherVariables.begin(), kOtherVariables.end());
        for (const auto& variable : variables) known.push_back(variable.first);
        const auto near = nearest(std::string_view(name).substr(0, 64), known);
        out_.warnings.push_back(fmt::format("environment variable {} is not known{}", shown(name),
                                            near ? fmt::format("; did you mean {}?", *near) : ""));
      }
    }
  }

  void read_settings() {
    for (const std::string& setting : sources_.settings) {
      const std::size_t equals = setting.find('=');
      const std::string name = setting.substr(0, equals);
      const Key* key = find_key(name);
      if (equals == std::string::npos) {
        problem(fmt::format("--set \"{}\": expects key=value", shown(setting)));
      } else if (key == nullptr) {
        problem(fmt::format("--set: unknown key \"{}\"{}", shown(name), did_you_mean(name)));
      } else {
        const std::string where = "--set " + name;
        take(*key, parse_outside(*key, setting.substr(equals + 1)), {Origin::Source::flag, where}, where + ": ");
      }
    }
  }

  void derive() {
    NodeConfig& values = out_.config.values;
    const Key& interval = *find_key("gossip_interval_current");
    if (!out_.config.given(interval.name) && values.gossip_interval_min <= values.gossip_interval_max) {
      const auto fitting =
          std::clamp(values.gossip_interval_current, values.gossip_interval_min, values.gossip_interval_max);
      if (fitting != values.gossip_interval_current) origin(interval) = {Origin::Source::derived, "the nearer bound"};
      values.gossip_interval_current = fitting;
    }
    if (!out_.config.given("node_id")) derive_node_id();
  }

  void derive_node_id() {
    if (!out_.problems.empty()) return;  // the file may well say it, past the place where it is wrong
    const auto names = node_ids_of_certificates(sources_.certificate_files);
    if (names.size() == 1) {
      out_.config.values.node_id = names.front();
      origin(*find_key("node_id")) = {Origin::Source::derived, "certs/" + names.front() + "_cert.pem"};
      return;
    }
    const std::string where = sources_.file_name.empty() ? std::string() : sources_.file_name + ": ";
    if (names.empty()) {
      const auto& files = sources_.certificate_files;
      const bool has_authority = std::find(files.begin(), files.end(), "ca_key.pem") != files.end();
      problem(where + "node_id is not set and certs/ holds no node certificate");
      out_.hint = fmt::format(
          "p2p-node join makes this machine a member of a fleet; for a coordinator: {}p2p-node --set node_id=NAME "
          "--set coordinator_mode=true",
          has_authority ? "" : "p2p-ca init && ");
    } else {
      problem(
          fmt::format("{}node_id is not set and certs/ holds certificates of several nodes ({}); choose one with "
                      "\"p2p-node --set node_id={}\" or in a configuration file",
                      where, join(names, ", "), names.front()));
    }
  }

  const Sources& sources_;
  LoadOutcome out_;
  std::size_t dropped_ = 0;
};

}  // namespace

bool LoadedConfig::given(std::string_view key) const {
  const auto found = origins.find(key);
  return found != origins.end() && found->second.source >= Origin::Source::file;
}

LoadOutcome load(const Sources& sources) { return Loader(sources).run(); }

std::vector<std::string> node_ids_of_certificates(const std::vector<std::string>& file_names) {
  constexpr std::string_view kCertificate = "_cert.pem", kKey = "_key.pem";
  const std::set<std::string, std::less<>> present(file_names.begin(), file_names.end());
  std::vector<std::string> out;
  for (const std::string& file : present) {
    if (!file.ends_with(kCertificate)) continue;
    const std::string name = file.substr(0, file.size() - kCertificate.size());
    if (name == "ca" || name == "operator" || name == "node" || !is_valid_name(name)) continue;
    if (present.contains(name + std::string(kKey))) out.push_back(name);
  }
  return out;
}

Changes compare(const NodeConfig& before, const NodeConfig& after) {
  Changes out;
  for (const Key& key : keys()) {
    if (get(before, key) == get(after, key)) continue;
    (key.rules.live ? out.live : out.after_restart).emplace_back(key.name);
  }
  return out;
}

void take_live(NodeConfig& running, const NodeConfig& loaded) {
  for (const Key& key : keys()) {
    if (key.rules.live) std::visit([&](auto member) { running.*member = loaded.*member; }, key.member);
  }
}

}  // namespace p2p::config

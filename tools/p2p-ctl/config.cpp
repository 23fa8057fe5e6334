// p2p-ctl config get: what a node is configured to do, from afar.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "commands.hpp"
#include "fleet.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using cli::member_text;

/// As the configuration file has it, but texts without quotes.
cli::Cell value_cell(const Json& entry) { return cli::member_cell(entry, "value"); }

cli::Cell origin_cell(const Json& entry) {
  cli::Cell cell = cli::member_cell(entry, "where");
  if (member_text(entry, "source") == "default") cell.style = cli::Style::dim;
  if (is_true(entry, "needs_restart")) cell = {cell.text + ", which changed: restart the node", cli::Style::warn};
  return cell;
}

class ConfigGet final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.optional_argument("KEY", key_, "only this key");
    options.text("--node", "ID", node_, "of this node; else of the coordinator");
  }

  Attempt<void> run(cli::Session& session) override {
    if (!node_.empty()) {
      if (auto good = check_name("node", node_); !good) return good;
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    std::optional<rpc::Target> target;
    if (!node_.empty()) target = rpc::Target{rpc::Target::Kind::node, node_};
    const auto entries = ask(*client, "system.config", {}, target, cli::kRequestTimeout);
    if (!entries) return entries.error();
    if (!entries->is_array()) return Failure(cli::kDamaged, "the answer of system.config is not a list");
    if (!key_.empty()) return show_one(session.out, *entries);
    const std::vector<cli::Column> columns{
        cli::member_column("KEY", "key"), {"VALUE", value_cell}, {"FROM", origin_cell}};
    session.out.list(dump_json(*entries), columns, "key");
    return {};
  }

 private:
  Attempt<void> show_one(cli::Output& out, const Json& entries) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Json& entry) { return member_text(entry, "key") == key_; });
    if (found == entries.end()) {
      std::vector<std::string> names;
      for (const Json& entry : entries) names.push_back(member_text(entry, "key"));
      const std::vector<std::string_view> views(names.begin(), names.end());
      return Failure(cli::kNotFound,
                     fmt::format("no configuration key \"{}\"{}", key_.substr(0, 64), did_you_mean(key_, views)),
                     "p2p-ctl config get lists them");
    }
    if (out.format() == cli::Format::json || out.format() == cli::Format::yaml)
      out.value(dump_json(*found));
    else
      out.stream() << escape_controls(value_cell(*found).text) << '\n';
    return {};
  }

  std::string key_, node_;
};

}  // namespace

std::unique_ptr<cli::Command> make_config_get() { return std::make_unique<ConfigGet>(); }

}  // namespace p2p::ctl

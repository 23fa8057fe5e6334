#include "target_options.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "fleet.hpp"

namespace p2p::ctl {

using rpc::Target;

namespace {

const std::vector<std::string> kRoles{"worker", "coordinator"};

}  // namespace

void TargetOptions::declare(cli::Options& options) {
  options.text("--node", "ID", node_, "on this node");
  options.choice("--role", "ROLE", role_, kRoles, "on any node of this role, or with --all on each");
  options.text("--service", "NAME", service_, "on any node that has this service");
  options.flag("--all", all_, "on every node");
}

cli::Attempt<std::optional<Target>> TargetOptions::target() const {
  const auto role = pki::parse_role(role_);
  const int given = (node_.empty() ? 0 : 1) + (service_.empty() ? 0 : 1) + (all_ || role ? 1 : 0);
  if (given > 1) return cli::Failure(cli::kUsage, "--node, --service and --all or --role exclude each other");
  for (const std::string& name : {node_, service_}) {
    if (!name.empty() && !is_valid_name(name))
      return cli::Failure(cli::kUsage, fmt::format("\"{}\" is not a name", name.substr(0, 64)));
  }
  std::optional<Target> out;
  if (!node_.empty()) out = Target{Target::Kind::node, node_};
  if (!service_.empty()) out = Target{Target::Kind::service, service_};
  if (role) out = Target{Target::Kind::role, {}, role};
  if (all_) out = Target{Target::Kind::all, {}, role};
  return out;
}

void PlaceOptions::declare(cli::Options& options, std::string node, std::string role, std::string all) {
  options.text("--node", "ID", node_, std::move(node));
  options.choice("--role", "ROLE", role_, kRoles, std::move(role));
  options.flag("--all", all_, std::move(all));
}

cli::Attempt<std::optional<Target>> PlaceOptions::target() const {
  const bool on_many = all_ || !role_.empty();
  if (!node_.empty() && on_many) return cli::Failure(cli::kUsage, "--node excludes --role and --all");
  if (on_many) return std::optional(Target{Target::Kind::all, {}, pki::parse_role(role_)});
  if (node_.empty()) return std::optional<Target>();
  if (auto good = check_name("node", node_); !good) return good.error();
  return std::optional(Target{Target::Kind::node, node_});
}

}  // namespace p2p::ctl

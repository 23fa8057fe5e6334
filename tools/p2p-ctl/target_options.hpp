// --node, --role, --service and --all: where a call goes, and which nodes a command about services is for.
#pragma once

#include <optional>
#include <string>

#include "cli/failure.hpp"
#include "cli/options.hpp"
#include "rpc/target.hpp"

namespace p2p::ctl {

class TargetOptions {
 public:
  void declare(cli::Options& options);
  /// None when nothing was given; --all may be narrowed by --role, everything else excludes each other.
  cli::Attempt<std::optional<rpc::Target>> target() const;

 private:
  std::string node_, role_, service_;
  bool all_ = false;
};

/// Without --service, and a role means each of its nodes.
class PlaceOptions {
 public:
  /// How each option describes itself.
  void declare(cli::Options& options, std::string node, std::string role, std::string all);
  /// A node, or all, perhaps of one role; none when nothing was given. kUsage where they exclude each other.
  cli::Attempt<std::optional<rpc::Target>> target() const;

 private:
  std::string node_, role_;
  bool all_ = false;
};

}  // namespace p2p::ctl

// How the progress of a call and then its result are shown, as they come.
#pragma once

#include "base/progress.hpp"
#include "cli/output.hpp"
#include "cli/reporter.hpp"

namespace p2p::ctl {

/// JSON: an object a line, {"progress": …}, {"dropped": N} and at last {"result": …}; YAML: such a document each. Else
/// texts as they are, other values as JSON on a line, and the result as ever. Used on one thread; both must outlive it.
class ProgressView final : public ProgressSink {
 public:
  ProgressView(cli::Output& out, cli::Reporter& report) : out_(out), report_(report) {}

  void report(std::string value) override;
  void dropped(std::uint64_t count) override;
  void result(std::string_view json);

 private:
  bool is_structured() const;
  void show_member(std::string_view name, std::string_view json);

  cli::Output& out_;
  cli::Reporter& report_;
};

}  // namespace p2p::ctl

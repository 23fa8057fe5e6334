#include "dashboard/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rfc3339.hpp"
#include "base/text.hpp"

namespace p2p::dashboard {
namespace {

constexpr double kCertainRate = 0.05;

/// Dates, not how long ago they are: a sentence that changes each second would be sent each second.
std::string date(WallTime time) { return format_rfc3339(time, 0); }

std::string times(std::uint64_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

/// In steps, for the same reason.
std::string_view part_that_fails(double share) {
  if (share >= 0.99) return "all of its calls fail";
  if (share >= 0.5) return "half of its calls fail, or more";
  if (share >= 0.25) return "a quarter of its calls fail, or more";
  return "a tenth of its calls fail, or more";
}

class Judgement {
 public:
  explicit Judgement(NodeEntry& node) : node_(node) {}
  void failing(std::string why) { say(Health::failing, std::move(why)); }
  void warning(std::string why) { say(Health::warning, std::move(why)); }

 private:
  void say(Health how, std::string why) {
    node_.health = std::max(node_.health, how);
    node_.problems.push_back(std::move(why));
  }
  NodeEntry& node_;
};

void judge_services(const NodeEntry& node, Judgement& out) {
  for (const auto& [name, service] : node.services) {
    const std::string why = service.error.empty() ? "" : "; " + service.error;
    if (service.state == "failed") out.failing(fmt::format("{}: failed{}", name, why));
    if (service.state == "degraded") {
      out.failing(fmt::format("{}: degraded, its program was restarted {}{}", name, times(service.restarts), why));
    }
    // It may run at this moment; it has not run for long.
    if ((service.state == "running" || service.state == "starting") && !service.error.empty())
      out.warning(fmt::format("{}: its program was restarted {}{}", name, times(service.restarts), why));
  }
}

void judge_certificate(const CertificateState& certificate, bool has_ended, Judgement& out) {
  if (has_ended && certificate.state == "revoked") out.failing("its certificate was revoked");
  if (has_ended && certificate.state == "expired") {
    out.failing(fmt::format("its certificate expired on {}", date(certificate.not_after)));
  }
  if (!has_ended && certificate.state == "expiring") {
    out.warning(fmt::format("its certificate was not renewed and expires on {}", date(certificate.not_after)));
  }
}

/// Of a node that does not tell which methods fail (one of an earlier version), only how many of its calls do.
void judge_calls(const NodeEntry& node, Judgement& out) {
  for (const FailingMethod& failing : node.failing) {
    const std::string last = failing.error.empty() ? "" : "; last: " + failing.error;
    out.warning(fmt::format("{}: {}{}", failing.method, part_that_fails(failing.share), last));
  }
  const double failed = node.errors_per_second.value_or(0), calls = node.calls_per_second.value_or(0);
  if (node.failing.empty() && failed >= kCertainRate && failed >= kFailingCalls * calls)
    out.warning(std::string(part_that_fails(calls > 0 ? failed / calls : 1)));
}

void judge_disk(const NodeEntry& node, Judgement& out) {
  if (!node.disk_used || !node.disk_total || *node.disk_total == 0) return;
  const double used = static_cast<double>(*node.disk_used) / static_cast<double>(*node.disk_total);
  if (used >= kFullDisk) out.warning(fmt::format("its disk is {:.0f}% full", 100 * used));
}

void judge_clock(const NodeEntry& node, Judgement& out) {
  if (!node.clock_offset_ms || std::abs(*node.clock_offset_ms) < kClockTolerance.count()) return;
  const std::chrono::seconds off(std::abs(*node.clock_offset_ms) / 1'000);
  out.warning(fmt::format("its clock is {} {}", format_duration(off), *node.clock_offset_ms > 0 ? "ahead" : "behind"));
}

}  // namespace

std::string_view certificate_state(WallTime not_before, WallTime not_after, WallTime now) noexcept {
  if (now >= not_after) return "expired";
  return not_after - now < (not_after - not_before) / kExpiringPart ? "expiring" : "valid";
}

void judge(NodeEntry& node) {
  node.health = Health::ok;
  node.problems.clear();
  if (node.status == "left") return;
  Judgement out(node);
  const bool seen = node.last_seen != WallTime{};
  if (node.status == "dead") out.failing(seen ? "dead, last seen on " + date(node.last_seen) : "dead");
  // What a dead node said last of its services is no news.
  if (node.status != "dead") judge_services(node, out);
  if (node.certificate) judge_certificate(*node.certificate, true, out);
  if (node.status == "dead") return;
  if (node.status == "suspected") out.warning("suspected: nothing was heard of it lately");
  if (node.certificate) judge_certificate(*node.certificate, false, out);
  judge_clock(node, out);
  judge_disk(node, out);
  judge_calls(node, out);
  if (const auto errors = std::llround(std::ceil(node.log_errors_per_minute.value_or(0))); errors > 0) {
    out.warning(fmt::format("{} error{} in its log in the last minute", errors, errors == 1 ? "" : "s"));
  }
}

}  // namespace p2p::dashboard

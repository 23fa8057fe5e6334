#include "dashboard/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace p2p::dashboard {
namespace {

/// `27 Nov 2026, 14:30:51 UTC`. Dates, not how long ago they are: a sentence that changes each second would be sent
/// each second.
std::string date_for_people(WallTime time) {
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{} {} {}, {:02}:{:02}:{:02} UTC", unsigned{date.day()}, kMonths[unsigned{date.month()} - 1],
                     int{date.year()}, clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string times(std::uint64_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

/// In steps, for the same reason.
std::string_view part_that_fails(double share) {
  if (share >= 0.99) return "all of its calls fail";
  if (share >= 0.5) return "half of its calls fail, or more";
  if (share >= 0.25) return "a quarter of its calls fail, or more";
  return "a tenth of its calls fail, or more";
}

/// The worst first, whatever is found first.
class Judgement {
 public:
  explicit Judgement(NodeEntry& node) : node_(node) {}
  void failing(std::string why) {
    node_.health = Health::failing;
    node_.problems.insert(node_.problems.begin() + failing_count_++, std::move(why));
  }
  void warning(std::string why) {
    node_.health = std::max(node_.health, Health::warning);
    node_.problems.push_back(std::move(why));
  }

 private:
  NodeEntry& node_;
  std::ptrdiff_t failing_count_ = 0;
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

bool is_revoked(const NodeEntry& node) { return node.certificate && node.certificate->state == "revoked"; }

/// A node whose certificate was revoked is dropped: that is why it is dead.
void judge_life(const NodeEntry& node, Judgement& out) {
  const std::string_view why = node.is_refused ? "its link broke and nobody answers" : "nothing is heard of it";
  if (is_revoked(node)) {
    const WallTime at = node.certificate->revoked_at;
    out.failing(fmt::format("its certificate was revoked{}; the fleet refuses it until it has a new one",
                            at != WallTime{} ? " on " + date_for_people(at) : ""));
  } else if (node.status == "dead") {
    const bool seen = node.last_seen != WallTime{};
    out.failing(fmt::format("dead: {}{}", why, seen ? "; last heard of on " + date_for_people(node.last_seen) : ""));
  } else if (node.status == "suspected") {
    out.warning(fmt::format("suspected: {}", why));
  }
}

void judge_certificate(const NodeEntry& node, Judgement& out) {
  if (!node.certificate) return;
  const auto& [serial, not_before, not_after, state, revoked_at] = *node.certificate;
  if (state == "expired") out.failing(fmt::format("its certificate expired on {}", date_for_people(not_after)));
  // Nobody expects a dead node to renew it.
  if (state == "expiring" && node.status != "dead") {
    out.warning(fmt::format("its certificate was not renewed and expires on {}", date_for_people(not_after)));
  }
}

/// Which methods fail, the node tells of its last minute. How many of its calls fail is no verdict beside that: a burst
/// of ten seconds would be one without a name.
void judge_calls(const NodeEntry& node, Judgement& out) {
  for (const FailingMethod& failing : node.failing) out.warning(text_of(failing));
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

std::string text_of(const FailingMethod& failing) {
  const std::string last = failing.error.empty() ? "" : "; last: " + failing.error;
  return fmt::format("{}: {}{}", failing.method, part_that_fails(failing.share), last);
}

void judge(NodeEntry& node) {
  node.health = Health::ok;
  node.problems.clear();
  if (node.status == "left") return;
  Judgement out(node);
  judge_life(node, out);
  // What a dead node said last of its services is no news.
  if (node.status != "dead") judge_services(node, out);
  judge_certificate(node, out);
  if (node.status == "dead") return;
  if (!node.disbelief.empty())
    out.warning(fmt::format("what it tells of itself cannot be, and is not shown: {}", node.disbelief));
  judge_clock(node, out);
  judge_disk(node, out);
  judge_calls(node, out);
  if (const auto errors = std::llround(std::ceil(node.log_errors_per_minute.value_or(0))); errors > 0) {
    out.warning(fmt::format("{} error{} in its log in the last minute", errors, errors == 1 ? "" : "s"));
  }
}

}  // namespace p2p::dashboard

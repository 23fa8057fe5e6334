#include "question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "addresses/exclusion.hpp"
#include "addresses/rtnetlink_reader.hpp"
#include "base/text.hpp"
#include "cli/connection.hpp"
#include "net/run_alone.hpp"

namespace p2p::probe {
namespace {

using cli::Attempt;
using cli::Failure;

constexpr std::size_t kMaxCoordinatorNames = 64;

}  // namespace

Attempt<void> check_names(const std::vector<std::string>& names, const addresses::Inventory& inventory) {
  for (const auto& name : names) {
    const bool is_known = inventory.link(name) != nullptr ||
                          std::any_of(inventory.addresses.begin(), inventory.addresses.end(), [&](const auto& own) {
                            const auto* link = inventory.link(own.link);
                            return link != nullptr && addresses::is_called(name, *link, own.address);
                          });
    if (is_known) continue;
    const char* what = addresses::IpAddress::parse(name) ? "address" : "interface";
    return Failure(cli::kUsage, fmt::format("this machine has no {} \"{}\"", what, name), "p2p-probe list");
  }
  return {};
}

Failure no_usable_address() {
  return {cli::kNotFound, "no address of this machine can be used", "p2p-probe explain says why"};
}

void DetailSink::write(LogLevel, std::string_view logger_name, std::string message) {
  report_.detail(fmt::format("{}: {}", logger_name, message));
}

void Question::declare_conditions(cli::Options& options) {
  options.texts("--source,--interface", "NAME", sources_, "only this own address, or those of this interface");
  options.text("--advertise", "VALUE", advertise_,
               "as advertise_address: an address, interface, network or host; else the configuration's");
  options.flag("--prefer-vpn", prefers_vpn_, "addresses of tunnels first, as with prefer_vpn: true");
  options.text("--config", "FILE", config_file_, "the node's configuration; else config/node.yaml in home");
}

void Question::declare_probing(cli::Options& options) {
  options.flag("--no-probe", skips_probes_, "by what the kernel says alone, without trying any path");
  options.duration("--timeout", "TIME", timeout_,
                   "how long a path may take, such as 500ms; else probe_timeout_seconds");
}

Attempt<void> Question::prepare(cli::Session& session, const std::vector<std::string>& targets) {
  if (!sources_.empty() && !advertise_.empty()) {
    return Failure(cli::kUsage, "--interface and --advertise exclude each other");
  }
  if (targets.size() > kMaxCoordinatorNames) {
    return Failure(cli::kUsage, fmt::format("more than {} targets", kMaxCoordinatorNames));
  }
  auto standpoint = find_standpoint(session, config_file_);
  if (!standpoint) return standpoint.error();
  standpoint_ = std::move(*standpoint);
  if (timeout_.count() == 0) timeout_ = standpoint_.timeout;
  if (auto read = read_advertised(); !read) return read;
  std::vector<net::Endpoint> endpoints;
  for (const auto& text : targets) {
    const auto endpoint = read_target(text);
    if (!endpoint) return endpoint.error();
    endpoints.push_back(*endpoint);
  }
  if (endpoints.empty() && standpoint_.has_coordinators) endpoints = standpoint_.coordinators;
  boost::asio::io_context loop;
  DetailSink sink(session.report);
  auto finding = addresses::find_coordinators(loop.get_executor(), std::move(endpoints), {}, timeout_, sink);
  auto found = net::run_alone(loop, std::move(finding));
  coordinators_ = std::move(found.coordinators);
  // One of several names may be out of order.
  if (found.unresolved && coordinators_.empty()) return *found.unresolved;
  if (found.unresolved) session.report.warning(Failure(*found.unresolved).message);
  return {};
}

Attempt<void> Question::read_advertised() {
  // Of those that are asked for, whatever is announced.
  if (!sources_.empty()) return {};
  const std::string& value = advertise_.empty() ? standpoint_.advertise_address : advertise_;
  if (value.empty()) return {};
  auto parsed = addresses::parse_advertised(value);
  if (!parsed)
    return Failure(cli::kUsage,
                   (advertise_.empty() ? "advertise_address: " : "--advertise: ") + parsed.error().context);
  advertised_ = std::move(*parsed);
  return {};
}

Attempt<void> Question::check_names(const addresses::Inventory& inventory) const {
  return probe::check_names(sources_, inventory);
}

Attempt<Answer> Question::answer(cli::Session& session, addresses::ProbeAim aim) {
  auto reader = addresses::RtnetlinkReader::open();
  if (!reader) return reader.error();
  auto inventory = reader->read();
  if (!inventory) return inventory.error();
  if (auto known = check_names(*inventory); !known) return known.error();
  auto out = rank(std::move(*inventory), *reader);
  if (!out || skips_probes_ || coordinators_.empty()) return out;
  probe(session, aim, *out);
  out->ranking = addresses::rank(out->inventory, out->facts);
  return out;
}

void Question::probe(cli::Session& session, addresses::ProbeAim aim, Answer& answer) const {
  addresses::ProbeRequest request;
  for (const auto& candidate : answer.ranking.candidates) {
    const auto address = addresses::IpAddress::parse(candidate.address);
    if (address && !candidate.interface.empty()) {
      request.sources.push_back({candidate.address, candidate.interface});
    }
  }
  for (const auto& named : coordinators_) {
    request.targets.push_back({named.coordinator.address.to_text(), named.coordinator.port});
  }
  if (request.sources.empty()) return;
  if (standpoint_.tls) request.tls = standpoint_.tls->state();
  request.token = standpoint_.token;
  request.dial_back_port = standpoint_.dial_back_port;
  request.timeout = timeout_;
  request.aim = aim;
  boost::asio::io_context loop;
  DetailSink sink(session.report);
  auto probing = addresses::probe(loop.get_executor(), std::move(request), sink);
  auto found = net::run_alone(loop, std::move(probing));
  for (auto& target : found) {
    for (auto& path : target.paths) {
      if (!path.source.empty()) answer.facts.probes.push_back(std::move(path));
    }
  }
  answer.has_probed = true;
}

Attempt<void> judge(const Answer& answer) {
  const addresses::Ranking& ranking = answer.ranking;
  const bool reaches = std::any_of(ranking.candidates.begin(), ranking.candidates.end(),
                                   [](const auto& candidate) { return addresses::is_reached(candidate.path); });
  if (answer.has_probed && !reaches) {
    std::vector<std::string> targets;
    for (const auto& named : answer.coordinators) targets.push_back(named.coordinator.target());
    return Failure(cli::kUnreachable, "no path leads to " + join(targets, ", "),
                   "p2p-probe check shows what happens on each");
  }
  if (ranking.candidates.empty()) return no_usable_address();
  return {};
}

Attempt<void> judge_explained(const Answer& answer) {
  auto out = judge(answer);
  if (out) return out;
  Failure failure = out.error();
  failure.hint.clear();
  return failure;
}

}  // namespace p2p::probe

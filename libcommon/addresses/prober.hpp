// Tries the paths from own addresses to those of other nodes, and says what each has shown.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addresses/path_evidence.hpp"
#include "addresses/path_probe.hpp"
#include "addresses/probe_plan.hpp"
#include "base/log_sink.hpp"
#include "net/client.hpp"
#include "net/tls.hpp"

namespace p2p::addresses {

/// More pairs than this are not tried.
inline constexpr std::size_t kMaxProbePairs = 1024;

struct ProbeSource {
  std::string address;       ///< without port, with or without a zone
  std::string interface {};  ///< its link, which IPv6's link-local addresses need; may be empty for others
};

struct ProbeRequest {
  std::vector<ProbeSource> sources;    ///< best first
  std::vector<net::Endpoint> targets;  ///< best first; a name stands for all its addresses
  /// The fleet, with the own certificate or without. Null: there is no fleet, and anyone who answers will do.
  std::shared_ptr<const net::TlsContexts::State> tls{};
  net::ExpectedPeer expected{};  ///< in a fleet; naming neither node nor role means a coordinator
  std::string token{};           ///< a bearer token to ask with, where the own certificate does not do
  /// Where this node listens, and so where the other side may dial back; unset: it is not asked to.
  std::optional<std::uint16_t> dial_back_port{};
  std::chrono::milliseconds timeout{2'000};  ///< as ProbePlan's; names have half of it to resolve
  ProbeAim aim = ProbeAim::all;
  std::vector<PathEnds> left_out{};  ///< paths that are not tried
};

/// What was found out about one target of the request.
struct TargetPaths {
  net::Endpoint target;
  std::vector<PathProbe> paths;  ///< those that were tried, or one that says why none could be
};

/// One entry a target, in their order. `first_good` ends with one that is good both ways; the paths that were still
/// under way then are left out. Everything runs on `executor`, a single thread; a cancelled caller gets what was found
/// until then.
boost::asio::awaitable<std::vector<TargetPaths>> probe(boost::asio::any_io_executor executor, ProbeRequest request,
                                                       LogSink& log);

}  // namespace p2p::addresses

#include "addresses/path_probe_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace p2p::addresses {

std::string_view to_string(Peer peer) noexcept {
  switch (peer) {
    case Peer::unknown: return "unknown";
    case Peer::expected: return "expected";
    case Peer::foreign: return "foreign";
  }
  return "";
}

std::string_view to_string(Reached reached) noexcept {
  switch (reached) {
    case Reached::nothing: return "nothing";
    case Reached::connected: return "connected";
    case Reached::tls: return "tls";
    case Reached::healthy: return "healthy";
  }
  return "";
}

Json to_json(const PathProbe& probe) {
  Json out{{"source", probe.source.empty() ? Json() : Json(probe.source)},
           {"interface", probe.interface.empty() ? Json() : Json(probe.interface)},
           {"target", probe.target},
           {"reached", to_string(probe.reached)},
           {"peer", to_string(probe.peer)},
           {"peer_name", probe.peer_name.empty() ? Json() : Json(probe.peer_name)},
           {"round_trip_ms", Json()},
           {"seen_as", probe.seen_as ? Json(*probe.seen_as) : Json()},
           {"dials_back", probe.dials_back ? Json(*probe.dials_back) : Json()},
           {"failure", probe.failure.empty() ? Json() : Json(probe.failure)}};
  if (probe.round_trip) out["round_trip_ms"] = static_cast<double>(probe.round_trip->count()) / 1000;
  return out;
}

std::string connect_failure(const Error& failed, std::chrono::milliseconds patience) {
  if (failed.kind() == Errc::timeout) {
    return fmt::format("no answer within {:g} s: a firewall drops it, no way leads back, or the machine is off",
                       std::chrono::duration<double>(patience).count());
  }
  const auto condition = failed.code.default_error_condition();
  if (condition == boost::system::errc::connection_refused) return "nothing listens there (connection refused)";
  if (condition == boost::system::errc::address_not_available) return "the source is no address of this machine now";
  if (condition == boost::system::errc::network_unreachable || condition == boost::system::errc::host_unreachable ||
      condition == boost::system::errc::invalid_argument) {
    return fmt::format("no way leads there from this address ({})", failed.code.message());
  }
  if (condition == boost::system::errc::permission_denied || condition == boost::system::errc::operation_not_permitted)
    return "a rule of this machine forbids it (a firewall, or a route of kind prohibit)";
  return failed.context;
}

}  // namespace p2p::addresses

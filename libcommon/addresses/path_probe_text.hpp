// Paths that were tried, in words and as JSON. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "addresses/path_probe.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace p2p::addresses {

/// `unknown`, `expected`, `foreign`
std::string_view to_string(Peer peer) noexcept;
/// `nothing`, `connected`, `tls`, `healthy`
std::string_view to_string(Reached reached) noexcept;

/// {source, interface, target, reached, peer, peer_name, round_trip_ms, seen_as, dials_back, failure}; null for what is
/// not known.
Json to_json(const PathProbe& probe);

/// What a failed connect(2) or bind(2) means, for people; `failed` as of net::connect_from.
std::string connect_failure(const Error& failed, std::chrono::milliseconds patience);

}  // namespace p2p::addresses

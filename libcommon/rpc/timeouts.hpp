// How long a call may take; every hop keeps to the same two.
#pragma once

#include <chrono>

namespace p2p::rpc {

/// Where the caller says nothing.
inline constexpr std::chrono::milliseconds kDefaultTimeout{30'000};
/// Of a call and of a method's manifest.
inline constexpr std::chrono::milliseconds kMaxTimeout{3'600'000};

}  // namespace p2p::rpc

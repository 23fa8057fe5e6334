// The methods of a manifest as the registry wants them: max_inflight and the queue are kept before the protocol behind
// them sees a call.
#pragma once

#include "rpc/registry.hpp"
#include "services/manifest.hpp"

namespace p2p::services {

/// Calls of one method that wait for their turn when max_inflight are running.
inline constexpr std::size_t kMaxWaitingCalls = 64;

/// `run` gets each admitted call on the loop of its caller. The handlers own what they need, so that calls under way
/// survive a reload.
rpc::Service make_service(const Manifest& manifest, rpc::MethodHandler run);

}  // namespace p2p::services

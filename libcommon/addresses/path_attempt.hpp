// One path, tried once. For the prober alone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "addresses/path_probe.hpp"
#include "addresses/prober.hpp"

namespace p2p::addresses {

/// From `source` to `target`, which was dialled as `host`, until `until`. `into` has what was shown so far whenever
/// this ends or is cancelled; it and `request` outlive the task.
boost::asio::awaitable<void> try_path(boost::asio::any_io_executor executor, const ProbeRequest& request,
                                      boost::asio::ip::address source, boost::asio::ip::tcp::endpoint target,
                                      std::string host, Monotonic until, PathProbe& into);

}  // namespace p2p::addresses

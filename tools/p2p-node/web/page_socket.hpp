// One open page: `/ws/dashboard` as p2p-protocol(7) says.
#pragma once

#include "fleet_feed.hpp"
#include "net/router.hpp"
#include "open_pages.hpp"
#include "page_logs.hpp"
#include "sign_in.hpp"

namespace p2p::node {

/// What pages share; all of it outlives them.
struct PageAccess {
  FleetFeed& feed;
  SignIn& sign_in;
  RenderedLogs& rendered;
  logs::LogAccess logs;
  OpenPages& open_pages;
};

/// Hidden tabs of browsers say nothing for a minute.
inline constexpr std::chrono::seconds kPageSilence{90};
/// An update of 5,000 nodes, and what may wait beside it.
inline constexpr std::size_t kPageChannelBytes = 16 << 20;
inline constexpr std::size_t kMaxPageMessageBytes = 64 << 10;

/// Runs on the channel's executor until the page leaves.
boost::asio::awaitable<void> serve_page(PageAccess access, net::Request request, net::ChannelPtr channel);

}  // namespace p2p::node

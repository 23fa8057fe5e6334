// The web page of a coordinator: who may see it, what it shows, and where its data comes from.
//
//   GET /dashboard, /dashboard/assets/…   the page; open to all
//   /api/session                          signing in (sign_in.hpp)
//   GET /api/history                      ?node=NAME&range=15m|6h|7d (default 15m); without node, the fleet
//   GET /ws/dashboard                     the live feed (page_socket.hpp)
#pragma once

#include <functional>
#include <memory>

#include "../state_writer.hpp"
#include "config/node_config.hpp"
#include "config/paths.hpp"
#include "fleet_feed.hpp"
#include "net/task_group.hpp"
#include "open_pages.hpp"
#include "rendered_logs.hpp"
#include "sign_in.hpp"

namespace p2p::node {

/// Control loop, but for authenticate(), note_answer() and what the routes do.
class Dashboard {
 public:
  struct Hooks {
    std::function<std::unique_ptr<StateWriter>(std::string what, std::filesystem::path file,
                                               std::function<std::string()> encode)>
        make_writer;
    std::function<void(std::function<bool(const auth::Caller&)>)> drop;  ///< Server::drop_connections
  };
  /// Reads who is signed in, and the charts of before. Blocks. References must outlive it. `damaged` names the file.
  static Result<std::unique_ptr<Dashboard>> open(const config::NodeConfig& config, const config::Paths& paths,
                                                 boost::asio::io_context& control, FleetFeed::Parts feed, Hooks hooks);

  /// Both as of SignIn; any thread.
  Result<void> authenticate(const net::Request& request, auth::Caller& caller) {
    return sign_in_->authenticate(request, caller);
  }
  void note_answer(const net::Request& request, unsigned status) const { sign_in_->note_answer(request, status); }
  void trust(pki::RevocationCheck is_revoked) { sign_in_->trust(std::move(is_revoked)); }
  FleetFeed& feed() noexcept { return feed_; }
  rpc::Service service() { return sign_in_->service(); }
  void add_routes(net::Router& router);
  void start(net::TaskGroup& tasks, std::chrono::milliseconds autosave_interval);
  /// Writes down who is signed in, and the charts; once the tasks have ended.
  boost::asio::awaitable<void> save();

 private:
  explicit Dashboard(FleetFeed::Parts feed);

  FleetFeed feed_;
  RenderedLogs rendered_;
  const logs::LogAccess logs_;
  OpenPages open_pages_;
  std::unique_ptr<StateWriter> sessions_;
  std::unique_ptr<SignIn> sign_in_;
};

}  // namespace p2p::node

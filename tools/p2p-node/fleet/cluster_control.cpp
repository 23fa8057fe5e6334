#include "cluster_control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "base/audit.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "net/run_on.hpp"
#include "rpc/schema.hpp"

namespace p2p::node {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

using AccessPtr = std::shared_ptr<const FleetAccess>;

constexpr char kForgetSchema[] =
    R"({"type":"object","properties":{"node":{"type":"string"}},"required":["node"],"additionalProperties":false})";
constexpr char kDrainSchema[] = R"({"type":"object","properties":{"node":{"type":"string"},"undo":{"type":"boolean"}},)"
                                R"("required":["node"],"additionalProperties":false})";
constexpr milliseconds kLookInterval{50};
/// Kept back from the caller's deadline, so that the answer reaches it.
constexpr milliseconds kReserve{500};
constexpr std::chrono::hours kLongestDrain{1};

struct DrainRequest {
  std::string node;
  bool undo = false;
};

/// Of parameters that fit one of the schemas.
DrainRequest read_request(const std::string& params) {
  const Json object = rpc::parse_params(params).value();
  return {object.at("node"), object.value("undo", false)};
}

Error not_listed(const std::string& node) {
  return {Errc::not_found, fmt::format("no node \"{}\" is listed", escape_controls(node.substr(0, 64)))};
}

/// On the control loop.
Result<void> forget_now(const FleetAccess& access, const std::string& node, const std::string& by) {
  using membership::NodeStatus;
  const auto view = access.membership.view();
  const auto* listed = view->find(node);
  if (listed == nullptr) return not_listed(node);
  if (node == access.self_id) return Error(Errc::invalid, fmt::format("\"{}\" is this coordinator itself", node));
  if (listed->status == NodeStatus::alive || listed->status == NodeStatus::suspected) {
    return Error(Errc::failed, fmt::format("node \"{}\" is {}; only one that is dead or has left can be forgotten",
                                           node, membership::to_string(listed->status)));
  }
  const membership::Instant now{access.clock.monotonic(), access.clock.wall()};
  if (auto done = access.membership.forget(node, false, now); !done) return done;
  access.gossip.pump();
  audit(access.log, fmt::format("{} has forgotten node {}", by, node));
  return {};
}

asio::awaitable<rpc::Outcome> forget(AccessPtr access, rpc::CallContext call) {
  const std::string node = read_request(call.params).node;
  auto work = [access, node, by = auth::caller_name(call.caller)] { return forget_now(*access, node, by); };
  auto forgetting = net::run_on(access->control, std::move(work));
  const auto done = co_await std::move(forgetting);
  if (!done) co_return rpc::to_rpc_error(done.error());
  co_return dump_json(Json{{"node", node}});
}

/// Ends the draining unless it is kept, or somebody else had begun it.
class Draining {
 public:
  Draining(Directory& directory, std::string node)
      : directory_(directory), node_(std::move(node)), kept_(!directory_.set_draining(node_, true)) {}
  Draining(const Draining&) = delete;
  Draining& operator=(const Draining&) = delete;
  ~Draining() {
    if (!kept_) directory_.set_draining(node_, false);
  }
  void keep() { kept_ = true; }

 private:
  Directory& directory_;
  std::string node_;
  bool kept_;
};

/// How many are under way when all have ended, the draining was undone, or it takes too long.
asio::awaitable<std::size_t> wait_for_calls(AccessPtr access, std::string node, Monotonic until) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  // Looked at twice: a call that had chosen the node just before may begin after the first look.
  for (int quiet = 0;;) {
    const std::size_t left = access->forwarder.under_way(node);
    if (!access->directory.is_draining(node)) co_return left;
    quiet = left == 0 ? quiet + 1 : 0;
    if (quiet == 2) co_return 0;
    if (access->clock.monotonic() + kLookInterval >= until) co_return left;
    timer.expires_after(kLookInterval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<rpc::Outcome> drain(AccessPtr access, rpc::CallContext call) {
  const auto [node, undo] = read_request(call.params);
  if (access->gossip.view()->find(node) == nullptr) co_return rpc::to_rpc_error(not_listed(node));
  if (undo) {
    access->directory.set_draining(node, false);
    audit(access->log, fmt::format("{} lets node {} have calls again", auth::caller_name(call.caller), node));
    co_return dump_json(
        Json{{"node", node}, {"draining", false}, {"calls_under_way", access->forwarder.under_way(node)}});
  }
  if (node == access->self_id) {
    co_return rpc::to_rpc_error(Error(Errc::invalid, fmt::format("\"{}\" is this coordinator itself", node)));
  }
  Draining draining(access->directory, node);
  audit(access->log, fmt::format("{} drains node {}: it gets no more calls", auth::caller_name(call.caller), node));
  auto waiting = wait_for_calls(access, node, call.deadline - kReserve);
  const std::size_t left = co_await std::move(waiting);
  draining.keep();
  // Someone may have undone it meanwhile.
  const bool lasts = access->directory.is_draining(node);
  co_return dump_json(Json{{"node", node}, {"draining", lasts}, {"calls_under_way", left}});
}

using Handler = asio::awaitable<rpc::Outcome> (*)(AccessPtr, rpc::CallContext);

rpc::Method control_method(AccessPtr access, std::string name, std::string description, const char* schema,
                           Handler handler) {
  auto out = rpc::make_method(
      std::move(name), std::move(description), auth::Permission::admin,
      [access = std::move(access), handler](rpc::CallContext call) { return handler(access, std::move(call)); },
      schema);
  out.timeout = kLongestDrain;
  return out;
}

}  // namespace

void add_cluster_control(rpc::Service& service, const FleetAccess& access) {
  const auto shared = std::make_shared<const FleetAccess>(access);
  service.methods.push_back(control_method(
      shared, "cluster.forget", "Takes a node that is dead or has left off the list.", kForgetSchema, forget));
  service.methods.push_back(control_method(
      shared, "cluster.drain", "Sends a node no more calls, and waits for those under way.", kDrainSchema, drain));
}

}  // namespace p2p::node

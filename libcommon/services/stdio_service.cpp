#include "services/stdio_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "base/json.hpp"
#include "net/reply.hpp"
#include "rpc/deadline.hpp"
#include "rpc/jsonrpc.hpp"
#include "services/manifest_methods.hpp"

namespace p2p::services {

namespace asio = boost::asio;
using rpc::Code;
using rpc::Outcome;
using std::chrono::steady_clock;
using InstanceState = StdioInstance::State;

/// A call between the loop of its caller and the control loop, whose all of this is but for the reply.
struct StdioService::Call {
  Call(const asio::any_io_executor& caller, rpc::CallContext context)
      : reply(std::make_shared<net::Reply<Outcome>>(caller)),
        asked{std::string(rpc::bare_method(context.method)), std::move(context.params),
              auth::caller_name(context.caller),
              std::chrono::ceil<std::chrono::milliseconds>(context.deadline - steady_clock::now()),
              std::move(context.progress)} {}

  const std::shared_ptr<net::Reply<Outcome>> reply;
  const StdioCall asked;
  StdioInstance* instance = nullptr;  ///< that has it
  std::uint64_t id = 0;
};

StdioService::StdioService(asio::any_io_executor control, const ServiceFolder& folder, const NodeFacts& node,
                           Random& random, LogSink& log, std::function<void()> on_change)
    : control_(std::move(control)),
      manifest_(folder.manifest),
      on_change_(std::move(on_change)),
      drained_(control_, Monotonic::max()),
      end_(control_, Monotonic::max()) {
  for (std::uint64_t i = 0; i < manifest_.instances; ++i) {
    const Json greeting = {{"protocol", "p2p-stdio/1"},
                           {"service", manifest_.name},
                           {"version", manifest_.version},
                           {"node_id", node.node_id},
                           {"instance", i}};
    StdioInstance::Settings settings{command_of(folder, node),
                                     {manifest_.name, dump_json(greeting), manifest_.health},
                                     manifest_.restart,
                                     node.sweep};
    instances_.push_back(
        std::make_unique<StdioInstance>(control_, std::move(settings), random, log, [this] { instance_changed(); }));
  }
}

rpc::Service StdioService::describe(const std::shared_ptr<StdioService>& service) {
  return make_service(service->manifest_,
                      [service](rpc::CallContext context) { return call(service, std::move(context)); });
}

asio::awaitable<Outcome> StdioService::call(std::shared_ptr<StdioService> service, rpc::CallContext context) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto call = std::make_shared<Call>(executor, std::move(context));
  asio::post(service->control_, [service, call] { service->begin(call); });
  auto waiting = call->reply->wait();
  auto outcome = co_await std::move(waiting);
  if (outcome) co_return std::move(*outcome);
  asio::post(service->control_, [service, call] { service->abandon(call); });
  co_return rpc::standard_error(Code::timeout, "the call was given up; whether it took effect is unknown");
}

void StdioService::begin(const std::shared_ptr<Call>& call) {
  if (successor_) return successor_->begin(call);
  if (stopping_ || is_hopeless()) return call->reply->give(hopeless());
  StdioInstance* const instance = choose();
  if (instance == nullptr) {
    waiting_.push_back(call);  // as many as the methods admit
  } else if (!instance->has_room(call->asked.params.size())) {
    call->reply->give(rpc::standard_error(Code::overloaded, fmt::format("service \"{}\" does not read its calls fast "
                                                                        "enough",
                                                                        manifest_.name)));
  } else {
    send(call, *instance);
  }
}

void StdioService::send(const std::shared_ptr<Call>& call, StdioInstance& instance) {
  call->instance = &instance;
  call->id = instance.call(call->asked, [this, call](Outcome outcome) {
    call->instance = nullptr;
    call->reply->give(std::move(outcome));
    note_end();
  });
}

void StdioService::abandon(const std::shared_ptr<Call>& call) {
  if (call->instance != nullptr) {
    std::exchange(call->instance, nullptr)->cancel(call->id);
    note_end();
  } else if (std::erase(waiting_, call) == 0 && successor_) {
    successor_->abandon(call);
  }
}

/// A call under way has ended, however that came.
void StdioService::note_end() {
  if (stopping_ && in_flight() == 0) drained_.cancel();
}

StdioInstance* StdioService::choose() const {
  StdioInstance* best = nullptr;
  for (const auto& instance : instances_) {
    if (instance->state() != InstanceState::ready) continue;
    if (best == nullptr || instance->in_flight() < best->in_flight()) best = instance.get();
  }
  return best;
}

std::uint64_t StdioService::restart_count() const {
  std::uint64_t count = 0;
  for (const auto& instance : instances_) count += instance->restart_count();
  return count;
}

std::vector<pid_t> StdioService::pids() const {
  std::vector<pid_t> out;
  for (const auto& instance : instances_) {
    if (const auto pid = instance->pid()) out.push_back(*pid);
  }
  return out;
}

std::size_t StdioService::in_flight() const {
  std::size_t count = 0;
  for (const auto& instance : instances_) count += instance->in_flight();
  return count;
}

bool StdioService::is_hopeless() const {
  return std::all_of(instances_.begin(), instances_.end(), [](const auto& instance) {
    const InstanceState state = instance->state();
    return state == InstanceState::parked || state == InstanceState::ended ||
           (state == InstanceState::waiting && instance->degraded());
  });
}

rpc::RpcError StdioService::hopeless() const {
  const std::string why = trouble();
  return {Code::service_failed, why.empty()
                                    ? fmt::format("service \"{}\" is stopped; the call did not run", manifest_.name)
                                    : fmt::format("service \"{}\" cannot be called now: it {}; the call did not "
                                                  "run",
                                                  manifest_.name, why)};
}

StdioService::State StdioService::state() const {
  const auto any = [this](auto condition) {
    return std::any_of(instances_.begin(), instances_.end(),
                       [&](const auto& instance) { return condition(*instance); });
  };
  const auto is_parked = [](const StdioInstance& one) { return one.state() == InstanceState::parked; };
  if (any([&](const StdioInstance& one) { return one.proven() && !one.degraded() && !is_parked(one); })) {
    return State::running;
  }
  if (any([&](const StdioInstance& one) { return one.degraded() && !is_parked(one); })) return State::degraded;
  return any(is_parked) ? State::error : State::starting;
}

std::string StdioService::trouble() const {
  for (const auto& instance : instances_) {
    if (!instance->trouble().empty()) return instance->trouble();
  }
  return {};
}

void StdioService::instance_changed() {
  pass_on_waiting();
  on_change_();
}

void StdioService::pass_on_waiting() {
  if (stopping_ || (choose() == nullptr && !is_hopeless())) return;
  for (const auto& call : std::exchange(waiting_, {})) begin(call);
}

asio::awaitable<void> StdioService::run(std::shared_ptr<StdioService> service,
                                        std::shared_ptr<StdioService> predecessor) {
  struct End {
    StdioService& service;
    ~End() { service.end(); }
  } const end{*service};
  if (predecessor) {
    predecessor->successor_ = service;
    auto stopping = stop(std::exchange(predecessor, nullptr), kDrainLimit);
    co_await std::move(stopping);
  }
  if (service->stopping_) co_return;
  std::vector<asio::awaitable<void>> tasks;
  for (const auto& instance : service->instances_) tasks.push_back(instance->run());
  const std::size_t count = tasks.size();
  co_await rpc::run_bounded(std::move(tasks), count);
}

asio::awaitable<void> StdioService::stop(std::shared_ptr<StdioService> service, std::chrono::milliseconds drain) {
  if (!std::exchange(service->stopping_, true)) {
    for (const auto& call : std::exchange(service->waiting_, {})) service->begin(call);
    service->drained_.expires_after(drain);
    if (service->in_flight() > 0) co_await service->drained_.async_wait(asio::as_tuple(asio::use_awaitable));
    for (const auto& instance : service->instances_) instance->stop();
  }
  if (!service->ended_) co_await service->end_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void StdioService::end() {
  stopping_ = ended_ = true;
  for (const auto& call : std::exchange(waiting_, {})) begin(call);
  instances_.clear();
  end_.cancel();
}

}  // namespace p2p::services

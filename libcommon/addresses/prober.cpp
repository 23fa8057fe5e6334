#include "addresses/prober.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <set>

#include "addresses/path_attempt.hpp"
#include "addresses/path_probe_text.hpp"
#include "net/connect.hpp"
#include "net/task_group.hpp"

namespace p2p::addresses {
namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
/// Tasks that are cancelled end at once; this only bounds the wait for them.
constexpr milliseconds kStopGrace{1'000};

PathEnd end_of(const asio::ip::address& address) {
  return {address.is_v6(), address.is_loopback(), address.is_v6() && address.to_v6().is_link_local()};
}

asio::ip::address without_zone(asio::ip::address address) {
  if (!address.is_v6()) return address;
  auto v6 = address.to_v6();
  v6.scope_id(0);
  return v6;
}

/// Says that a task has ended, however it did.
class Ending {
 public:
  Ending(std::function<void()> say, asio::steady_timer& wake) : say_(std::move(say)), wake_(wake) {}
  ~Ending() {
    say_();
    wake_.cancel();
  }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

 private:
  const std::function<void()> say_;
  asio::steady_timer& wake_;
};

/// One of the request's targets at one address.
struct Place {
  std::size_t target = 0;
  tcp::endpoint endpoint;
};

/// The work of one probe(); its machine is ProbePlan. Its tasks keep it alive.
class Probing : public std::enable_shared_from_this<Probing> {
 public:
  Probing(asio::any_io_executor executor, ProbeRequest request, LogSink& log)
      : executor_(std::move(executor)),
        request_(std::move(request)),
        log_(log, "Addresses"),
        begin_(std::chrono::steady_clock::now()),
        tasks_(executor_, log),
        changed_(executor_, Monotonic::max()),
        resolved_(request_.targets.size()),
        failures_(request_.targets.size()) {}

  asio::awaitable<std::vector<TargetPaths>> run() {
    // What was begun is ended and waited for here also where the caller is cancelled.
    co_await asio::this_coro::throw_if_cancelled(false);
    read_sources();
    auto resolving = resolve_all();
    co_await std::move(resolving);
    pair_all();
    auto trying = try_all();
    co_await std::move(trying);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    auto stopping = tasks_.stop(kStopGrace);
    co_await std::move(stopping);
    co_return collect();
  }

 private:
  /// The own address as the paths have it: of a link-local one, the zone counts.
  static std::string text_of(const ProbeSource& source, const asio::ip::address& address) {
    const std::string plain = without_zone(address).to_string();
    return end_of(address).link_local && !source.interface.empty() ? plain + '%' + source.interface : plain;
  }

  void read_sources() {
    for (const auto& source : request_.sources) {
      boost::system::error_code failed;
      auto address = asio::ip::make_address(source.address, failed);
      if (failed) continue;  // an address of this machine always is one
      if (address.is_v6() && address.to_v6().is_link_local() && !source.interface.empty()) {
        auto v6 = address.to_v6();
        v6.scope_id(::if_nametoindex(source.interface.c_str()));
        address = v6;
      }
      sources_.push_back(address);
      source_texts_.push_back(text_of(source, address));
      interfaces_.push_back(source.interface);
    }
  }

  asio::awaitable<void> resolve_all() {
    unresolved_ = request_.targets.size();
    for (std::size_t i = 0; i < request_.targets.size(); ++i)
      tasks_.start("resolving", resolve_one(shared_from_this(), i));
    for (;;) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (unresolved_ == 0 || is_cancelled(state)) co_return;
      co_await changed_.async_wait(kTuple);
    }
  }

  asio::awaitable<void> resolve_one(std::shared_ptr<Probing>, std::size_t target) {
    const Ending ending([this] { --unresolved_; }, changed_);
    net::CallWatch watch(executor_, request_.timeout / 2);
    auto resolving = net::resolve(executor_, request_.targets[target], watch);
    auto found = co_await std::move(resolving);
    if (found)
      resolved_[target] = std::move(*found);
    else
      failures_[target] = found.error().context;
  }

  void pair_all() {
    // Best first: the first address of each target before the second of any.
    std::size_t most = 0;
    for (const auto& addresses : resolved_) most = std::max(most, addresses.size());
    for (std::size_t turn = 0; turn < most; ++turn) {
      for (std::size_t target = 0; target < resolved_.size(); ++target) {
        if (turn < resolved_[target].size()) places_.push_back({target, resolved_[target][turn]});
      }
    }
    std::vector<PathEnd> from, to;
    for (const auto& source : sources_) from.push_back(end_of(source));
    for (const auto& place : places_) to.push_back(end_of(place.endpoint.address()));
    pairs_ = pair_up(from, to);
    const std::set<PathEnds> left_out(request_.left_out.begin(), request_.left_out.end());
    if (!left_out.empty())
      std::erase_if(pairs_, [&](const ProbePair& pair) { return left_out.contains(ends_of(pair)); });
    has_paths_.resize(request_.targets.size());
    for (const ProbePair& pair : pairs_) has_paths_[places_[pair.target].target] = true;
    if (pairs_.size() > kMaxProbePairs) pairs_.resize(kMaxProbePairs);
    probes_.resize(pairs_.size());
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      PathEnds ends = ends_of(pairs_[i]);
      probes_[i].source = std::move(ends.source);
      probes_[i].interface = interfaces_[pairs_[i].source];
      probes_[i].target = std::move(ends.target);
    }
    has_ended_.resize(pairs_.size());
  }

  PathEnds ends_of(const ProbePair& pair) const {
    const auto& endpoint = places_[pair.target].endpoint;
    return {source_texts_[pair.source], net::Endpoint{endpoint.address().to_string(), endpoint.port()}.to_text()};
  }

  asio::awaitable<void> try_all() {
    plan_.emplace(pairs_.size(), request_.aim, request_.timeout,
                  request_.aim == ProbeAim::first_good ? begin_ : std::chrono::steady_clock::now());
    for (;;) {
      const Monotonic now = std::chrono::steady_clock::now();
      for (const auto& start : plan_->tick(now))
        tasks_.start("path", try_one(shared_from_this(), start.candidate, start.until));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (plan_->over(now) || is_cancelled(state)) break;
      changed_.expires_at(plan_->next_wakeup().value_or(Monotonic::max()));
      co_await changed_.async_wait(kTuple);
    }
  }

  asio::awaitable<void> try_one(std::shared_ptr<Probing>, std::size_t candidate, Monotonic until) {
    const Ending ending([this, candidate] { note_end(candidate); }, changed_);
    const auto [from, to] = pairs_[candidate];
    asio::ip::address source = sources_[from];
    tcp::endpoint target = places_[to].endpoint;
    PathProbe& probe = probes_[candidate];
    auto trying = try_path(executor_, request_, source, with_zone_of(source, target),
                           request_.targets[places_[to].target].host, until, probe);
    co_await std::move(trying);
    const auto state = co_await asio::this_coro::cancellation_state;
    has_ended_[candidate] = !is_cancelled(state);
    probe.is_good = can_be_used(probe, request_.tls != nullptr);
    if (has_ended_[candidate]) {
      log_.debug("{} to {}: {}{}{}", probe.source, probe.target, to_string(probe.reached),
                 probe.failure.empty() ? "" : ", ", probe.failure);
    }
  }

  void note_end(std::size_t candidate) {
    const bool good = has_ended_[candidate] && is_good_both_ways(probes_[candidate]);
    if (plan_) plan_->ended(good, std::chrono::steady_clock::now());
  }

  /// A link-local target without a zone is on the link of the source.
  static tcp::endpoint with_zone_of(const asio::ip::address& source, tcp::endpoint target) {
    if (!end_of(target.address()).link_local || target.address().to_v6().scope_id() != 0) return target;
    auto v6 = target.address().to_v6();
    v6.scope_id(source.to_v6().scope_id());
    target.address(v6);
    return target;
  }

  static bool is_cancelled(asio::cancellation_state state) {
    return state.cancelled() != asio::cancellation_type::none;
  }

  std::vector<TargetPaths> collect() {
    std::vector<TargetPaths> out;
    for (const auto& target : request_.targets) out.push_back({target, {}});
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (has_ended_[i]) out[places_[pairs_[i].target].target].paths.push_back(std::move(probes_[i]));
    }
    for (std::size_t i = 0; i < out.size(); ++i) add_impossible(out[i], i);
    return out;
  }

  /// For a target to which no path leads on paper.
  void add_impossible(TargetPaths& paths, std::size_t target) const {
    const auto leads_there = [&](const ProbePair& pair) { return places_[pair.target].target == target; };
    if (std::any_of(pairs_.begin(), pairs_.end(), leads_there)) return;
    PathProbe none;
    none.target = request_.targets[target].to_text();
    none.failure = failures_[target];
    if (target < has_paths_.size() && has_paths_[target])
      none.failure = fmt::format("it was not tried: there are more than {} paths", kMaxProbePairs);
    else if (!resolved_[target].empty())
      none.failure = "no address of this machine is of its kind (IPv4, IPv6, loopback, link-local)";
    if (none.failure.empty()) none.failure = "it was not tried";
    paths.paths.push_back(std::move(none));
  }

  const asio::any_io_executor executor_;
  const ProbeRequest request_;
  const Logger log_;
  const Monotonic begin_;
  net::TaskGroup tasks_;
  asio::steady_timer changed_;  // cancelled when a task has ended
  std::vector<net::Addresses> resolved_;
  std::vector<std::string> failures_;  // by target
  std::size_t unresolved_ = 0;
  std::vector<bool> has_paths_;  // by target, on paper
  std::vector<asio::ip::address> sources_;
  std::vector<std::string> source_texts_, interfaces_;  // of sources_
  std::vector<Place> places_;
  std::vector<ProbePair> pairs_;  // of sources_ and places_
  std::vector<PathProbe> probes_;
  std::vector<bool> has_ended_;
  std::optional<ProbePlan> plan_;  // once all names are resolved
};

}  // namespace

asio::awaitable<std::vector<TargetPaths>> probe(asio::any_io_executor executor, ProbeRequest request, LogSink& log) {
  auto probing = std::make_shared<Probing>(executor, std::move(request), log);
  // Of its own, so that what it does about a cancellation is not done to the caller's.
  auto running = probing->run();
  co_return co_await asio::co_spawn(executor, std::move(running), asio::use_awaitable);
}

}  // namespace p2p::addresses

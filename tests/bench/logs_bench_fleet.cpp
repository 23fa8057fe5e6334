#include "logs_bench_fleet.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "logs/memory_spool.hpp"
#include "net/task_group.hpp"

namespace p2p::bench {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMessageBytes = 200;

net::ChannelLimits link_limits() {
  net::ChannelLimits out;
  out.max_message_bytes = membership::kMaxLinkMessageBytes;
  return out;
}

membership::LinkHandlers quiet_handlers() {
  membership::LinkHandlers out;
  out.on_records = [](std::string_view, const membership::LinkRoom&) {};
  out.on_logs = out.on_logs_reply = [](std::string_view) {};
  out.answer = [](membership::LinkCall) -> asio::awaitable<std::string> { co_return "{}"; };
  return out;
}

std::unique_ptr<net::TlsContexts> contexts(const test::Authority& authority, const test::Leaf& leaf) {
  const test::Pem own = authority.issue(leaf);
  net::TlsMaterial material;
  material.certificate = own.certificate;
  material.private_key = own.key;
  material.ca = authority.pem();
  return take(net::TlsContexts::make(material));
}

}  // namespace

logs::LogRecord sample_record(std::uint64_t seq) {
  static constexpr const char* kPaths[] = {"orders", "customers", "invoices", "stock", "shipments"};
  logs::LogRecord out;
  out.timestamp = WallTime(std::chrono::system_clock::now().time_since_epoch());
  out.seq = seq;
  out.level = seq % 1000 == 0 ? LogLevel::error : seq % 50 == 0 ? LogLevel::warning : LogLevel::info;
  out.logger_name = seq % 2 == 0 ? "Service.shop" : "Service.shop.http";
  // What a hash makes of the number looks like an id of a request.
  const std::uint64_t id = seq * 0x9E3779B97F4A7C15U;
  out.message = fmt::format("GET /api/v1/{}/{} answered 200 in {} ms, request {:016x} of session {:08x}, ",
                            kPaths[id % std::size(kPaths)], seq, id % 997, id, static_cast<std::uint32_t>(id >> 7));
  static constexpr std::string_view kRest =
      "cache miss, upstream eu-west-2 took most of it, 3 rows of 1 table, user agent curl/7.88.1 (x86_64-pc-linux-gnu) "
      "libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13";
  out.message += kRest.substr(0, kMessageBytes - std::min(kMessageBytes, out.message.size()));
  return out;
}

Fleet::Fleet(const fs::path& folder, std::size_t worker_count, std::size_t spool_bytes) {
  logs::StoreOptions options;
  options.folder = folder;
  store = take(logs::Store::open(std::move(options), clock, random, log_));
  hub = std::make_unique<logs::Hub>(store->last_number());
  collector = std::make_unique<logs::Collector>(*store, *hub, clock, log_);
  server_tls_ = contexts(authority_, test::coordinator("c-1"));
  client_tls_ = contexts(authority_, test::operator_("alice"));
  pool_ = std::make_unique<net::BlockingPool>(2);
  searches_ = std::make_unique<logs::Searches>();
  running_ = std::make_unique<test::Running>(router(), server_tls_.get());
  client_ = std::make_unique<net::Client>(running_->loops.control().get_executor(), *client_tls_, log_);
  for (std::size_t i = 0; i < worker_count; ++i) {
    Worker worker;
    worker.name = fmt::format("worker-{}", i + 1);
    worker.shipper = std::make_unique<logs::LogShipper>(
        worker.name, std::make_unique<logs::MemorySpool>(random.below(logs::kEpochLimit), spool_bytes), clock);
    worker_tls_.push_back(contexts(authority_, test::worker(worker.name)));
    worker_clients_.push_back(
        std::make_unique<net::Client>(running_->loops.control().get_executor(), *worker_tls_.back(), log_));
    workers.push_back(std::move(worker));
  }
}

Fleet::~Fleet() {
  for (const auto& link : links_) link->abort();
  for (auto& holding : holding_) holding.wait();
  collector->stop();
  links_.clear();
  running_->stop(100ms);
  running_->run([](Fleet& self) -> asio::awaitable<void> {
    self.client_.reset();
    self.worker_clients_.clear();
    co_return;
  }(*this));
  pool_.reset();
  searches_.reset();
  running_.reset();
}

net::Router Fleet::router() {
  net::Router out;
  net::Route link;
  link.method = net::Method::get;
  link.pattern = "/internal/link";
  link.permission = auth::Permission::node;
  link.channel_limits = link_limits();
  link.channel_handler = [this](net::Request, net::ChannelPtr channel) { return serve_link(std::move(channel)); };
  out.add(std::move(link));
  net::Route live;
  live.method = net::Method::get;
  live.pattern = "/ws/logs";
  live.permission = auth::Permission::logs_read;
  live.channel_limits.max_queued_bytes = logs::kLiveChannelBytes;
  live.channel_handler = [this](net::Request, net::ChannelPtr channel) {
    return logs::serve_live({*store, *hub, *pool_, *searches_, clock}, std::move(channel));
  };
  out.add(std::move(live));
  return out;
}

asio::awaitable<void> Fleet::serve_link(net::ChannelPtr channel) {
  const auto intake = collector->open(channel->peer().identity->name, [channel](Bytes message) {
    channel->send({true, membership::encode_frame(membership::FrameKind::logs_reply, 0, as_text(message))});
  });
  auto handlers = quiet_handlers();
  handlers.on_logs = [&intake, channel](std::string_view payload) {
    if (!intake->receive(as_bytes(payload))) channel->close(1002, "refused");
  };
  const auto link = std::make_shared<membership::Link>(channel, std::move(handlers), log_);
  auto running = link->run();
  co_await std::move(running);
  auto settling = link->settle();
  co_await std::move(settling);
}

asio::awaitable<void> Fleet::ship(Worker& worker, std::shared_ptr<membership::Link> link) {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer = std::make_shared<asio::steady_timer>(executor);
  worker.shipper->set_wake([executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); });
  const auto send = [&](const std::vector<Bytes>& messages) {
    for (const auto& message : messages) link->send(membership::FrameKind::logs, as_text(message));
  };
  send(worker.shipper->on_connected());
  for (;;) {
    send(worker.shipper->poll());
    timer->expires_at(worker.shipper->next_wakeup().value_or(Monotonic::max()));
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Fleet::hold(Worker& worker) {
  auto& client = *worker_clients_[static_cast<std::size_t>(&worker - workers.data())];
  const net::Endpoint endpoint{"127.0.0.1", running_->port};
  const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
  auto dialling = client.open_channel(endpoint, coordinator, "/internal/link", {}, link_limits(), 10s);
  const net::ChannelPtr channel = take(co_await std::move(dialling));
  links_.push_back(channel);
  std::shared_ptr<membership::Link> link;
  auto handlers = quiet_handlers();
  handlers.on_logs_reply = [&](std::string_view payload) {
    for (const auto& message : take(worker.shipper->on_message(as_bytes(payload))))
      link->send(membership::FrameKind::logs, as_text(message));
  };
  link = std::make_shared<membership::Link>(channel, std::move(handlers), log_);
  net::TaskGroup tasks(channel->executor(), log_);
  tasks.start("ship", ship(worker, link));
  ++linked_;
  auto running = link->run();
  co_await std::move(running);
  auto settling = link->settle();
  co_await std::move(settling);
  auto stopping = tasks.stop(1s);
  co_await std::move(stopping);
  worker.shipper->set_wake({});
  worker.shipper->on_disconnected();
}

void Fleet::connect(Worker& worker) {
  const std::size_t before = linked_;
  holding_.push_back(running_->begin(hold(worker)));
  while (linked_ == before) std::this_thread::sleep_for(1ms);
}

void Fleet::connect() {
  for (auto& worker : workers) connect(worker);
}

net::ChannelPtr Fleet::follow(const std::string& request) {
  const net::Endpoint endpoint{"127.0.0.1", running_->port};
  const net::ExpectedPeer coordinator{std::nullopt, pki::Role::coordinator};
  auto channel = take(running_->run(client_->open_channel(endpoint, coordinator, "/ws/logs", {}, {}, 10s)));
  channel->send({false, request});
  return channel;
}

std::string Fleet::next(const net::ChannelPtr& channel) {
  auto message = running_->run(channel->receive());
  return message ? std::move(message->data) : std::string();
}

void Fleet::produce(std::size_t backlog_bytes, const std::function<bool()>& done) {
  constexpr int kAtOnce = 256;
  while (!done()) {
    bool any = false;
    for (auto& worker : workers) {
      if (worker.shipper->spool_bytes() > backlog_bytes) continue;
      any = true;
      for (int i = 0; i < kAtOnce; ++i) worker.shipper->append(sample_record(worker.next_seq++));
    }
    if (!any) std::this_thread::sleep_for(1ms);
  }
}

}  // namespace p2p::bench

// A coordinator with its store and workers that ship to it, in one process: mutual TLS over loopback, links, shippers
// and collector as nodes have them.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../unit/net/support/certificates.hpp"
#include "../unit/net/support/running_server.hpp"
#include "../unit/temporary_folder.hpp"
#include "base/system_clock.hpp"
#include "logs/collector.hpp"
#include "logs/hub.hpp"
#include "logs/live_stream.hpp"
#include "logs/log_shipper.hpp"
#include "logs/store.hpp"
#include "membership/link.hpp"
#include "net/client.hpp"

namespace p2p::bench {

/// Ends the program with the error's text.
template <class T>
T take(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().context.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Record `seq` of a worker: a message of 200 bytes, most of it alike from record to record.
logs::LogRecord sample_record(std::uint64_t seq);

using test::TemporaryFolder;

/// One worker's shipper and its link.
struct Worker {
  std::string name;
  std::unique_ptr<logs::LogShipper> shipper;
  std::uint64_t next_seq = 1;
};

class Fleet {
 public:
  /// `spool_bytes` bounds what a worker keeps.
  Fleet(const std::filesystem::path& folder, std::size_t worker_count, std::size_t spool_bytes);
  ~Fleet();

  /// Links every worker; returns once each may ship.
  void connect();
  void connect(Worker& worker);
  /// A follower of `/ws/logs`; its channel lives on the loop of the clients.
  net::ChannelPtr follow(const std::string& request);
  /// The next message of a follower; empty when it ended.
  std::string next(const net::ChannelPtr& channel);
  /// Keeps all workers busy until `done`: each has about `backlog_bytes` waiting.
  void produce(std::size_t backlog_bytes, const std::function<bool()>& done);

  SystemClock clock;
  SeededRandom random{1};
  std::unique_ptr<logs::Store> store;
  std::unique_ptr<logs::Hub> hub;
  std::unique_ptr<logs::Collector> collector;
  std::vector<Worker> workers;

 private:
  net::Router router();
  boost::asio::awaitable<void> serve_link(net::ChannelPtr channel);
  boost::asio::awaitable<void> hold(Worker& worker);
  boost::asio::awaitable<void> ship(Worker& worker, std::shared_ptr<membership::Link> link);

  NullLogSink log_;
  test::Authority authority_;
  std::unique_ptr<net::TlsContexts> server_tls_, client_tls_;
  std::unique_ptr<net::BlockingPool> pool_;
  std::unique_ptr<logs::Searches> searches_;
  std::unique_ptr<test::Running> running_;
  std::unique_ptr<net::Client> client_;
  std::vector<std::unique_ptr<net::TlsContexts>> worker_tls_;
  std::vector<std::unique_ptr<net::Client>> worker_clients_;
  std::vector<net::ChannelPtr> links_;
  std::vector<std::future<void>> holding_;
  std::atomic<std::size_t> linked_{0};
};

}  // namespace p2p::bench

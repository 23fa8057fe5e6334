// A node's services with a loop of their own, called through a dispatcher.
#pragma once

#include <fmt/format.h>

#include <memory>

#include "base/json.hpp"
#include "base/random.hpp"
#include "fixture.hpp"
#include "rpc/dispatcher.hpp"
#include "services/service_host.hpp"
#include "services/service_methods.hpp"

namespace p2p::test {

/// Calls come from an operator.
struct ServiceHostFixture {
  TemporaryFolder home;
  KeptLog log;
  boost::asio::io_context loop;
  rpc::Registry registry;
  std::optional<std::string> saved;
  std::vector<std::vector<services::Announcement>> announced;
  services::StateCounts counts;
  SeededRandom random{1};
  std::unique_ptr<services::ServiceHost> host;
  rpc::Dispatcher dispatcher{{"w1", pki::Role::worker}, registry, nullptr, log};

  ServiceHostFixture() { make_host(home.path()); }
  ~ServiceHostFixture() { stop(); }
  void stop(std::chrono::milliseconds limit = std::chrono::minutes(1)) {
    auto stopping = stop_host(*host, limit);
    run(std::move(stopping));
  }
  void make_host(const std::filesystem::path& directory) {
    if (host) stop();
    services::ServiceHost::Options options;
    options.directory = directory;
    options.scan_interval = std::chrono::hours(1);
    options.node = {"w1", "/home/of/p2p"};
    services::ServiceHost::StateStore store;
    store.load = [this]() -> Result<std::string> {
      if (saved) return *saved;
      return Error(Errc::not_found, "none");
    };
    store.save = [this]() -> boost::asio::awaitable<Result<void>> {
      saved = host->wanted_state();
      co_return Result<void>();
    };
    host = std::make_unique<services::ServiceHost>(
        loop.get_executor(), std::move(options), registry, std::move(store),
        [this](const std::vector<services::Announcement>& now, const services::StateCounts& states) {
          if (now != (announced.empty() ? std::vector<services::Announcement>() : announced.back())) {
            announced.push_back(now);
          }
          counts = states;
        },
        random, log);
    registry.publish(services::services_service(*host));
  }
  void add(const std::string& folder, const std::string& text, const std::string& script = "echo 1") {
    home.write(folder + "/run.sh", "#!/bin/sh\n" + script + "\n", 0755);
    home.write(folder + "/service.yaml", text);
  }
  template <class T>
  T run(boost::asio::awaitable<T> work) {
    std::optional<T> result;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr failure, T value) {
      if (failure) std::rethrow_exception(failure);
      result.emplace(std::move(value));
    });
    while (!result) {
      loop.restart();
      loop.run_one();
    }
    loop.restart();  // it may have run out of work
    return std::move(*result);
  }
  static rpc::Origin alice(std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
    rpc::Origin origin;
    origin.caller.identity = pki::Identity{"p2p", pki::Role::operator_, "alice"};
    origin.caller.scopes = auth::Scopes::of_role(pki::Role::operator_);
    origin.deadline = std::chrono::steady_clock::now() + timeout;
    return origin;
  }
  static std::string request(const std::string& method, const std::string& params = "{}") {
    return fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}","params":{}}})", method, params);
  }
  Json call(const std::string& method, const std::string& params = "{}",
            std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
    const std::string text = request(method, params);
    const rpc::Origin origin = alice(timeout);
    return parse_json(run(dispatcher.answer(text, origin))).value();
  }
  /// Begins a call; its answer comes into the result.
  std::shared_ptr<std::optional<Json>> begin(const std::string& method, const std::string& params = "{}",
                                             std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
    struct Asked {
      std::string text;
      rpc::Origin origin;
    };
    auto answer = std::make_shared<std::optional<Json>>();
    auto asked = std::make_shared<Asked>(Asked{request(method, params), alice(timeout)});
    boost::asio::co_spawn(
        loop, dispatcher.answer(asked->text, asked->origin),
        [answer, asked](std::exception_ptr, const std::string& text) { *answer = parse_json(text).value(); });
    return answer;
  }
  /// Runs the loop until the condition holds, within a generous bound.
  template <class Condition>
  bool until(Condition condition) {
    for (int i = 0; i < 60'000; ++i) {
      if (condition()) return true;
      loop.restart();
      loop.run_one_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  Json listed(const std::string& name) {
    const Json all = call("services.list");
    for (const Json& service : all["result"]) {
      if (service["name"] == name) return service;
    }
    return nullptr;
  }

 private:
  static boost::asio::awaitable<bool> stop_host(services::ServiceHost& host, std::chrono::milliseconds limit) {
    co_await host.stop(limit);
    co_return true;
  }
};

}  // namespace p2p::test

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "addresses/inventory_watch.hpp"
#include "base/rfc3339.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "cli/json_view.hpp"
#include "cli/output_watch.hpp"
#include "commands.hpp"
#include "net/run_alone.hpp"
#include "network_changes.hpp"
#include "question.hpp"

namespace p2p::probe {
namespace {

namespace asio = boost::asio;
using cli::Attempt;
using cli::Failure;

class WatchCommand final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.arguments("HOST:PORT", targets_, 0, "towards whom addresses are ranked; else the configured coordinators");
    question_.declare_conditions(options);
  }

  cli::ConfigFlags config_flags() const override { return {question_.config_file(), {}}; }

  Attempt<void> run(cli::Session& session) override {
    if (auto ready = question_.prepare(session, targets_); !ready) return ready;
    asio::io_context loop;
    asio::signal_set signals(loop, SIGINT, SIGTERM, SIGHUP);
    signals.async_wait([&](boost::system::error_code failed, int) {
      if (failed) return;
      is_interrupted_ = true;
      loop.stop();
    });
    auto watch = addresses::InventoryWatch::open(loop.get_executor(), clock_);
    if (!watch) return watch.error();
    // What is removed or renamed later is what one watches for.
    if (auto known = question_.check_names((*watch)->current()); !known) return known;
    bool is_unread = false;
    asio::posix::stream_descriptor unread(loop);
    if (const int reader = cli::watch_output(); reader >= 0) {
      unread.assign(reader);
      unread.async_wait(asio::posix::stream_descriptor::wait_read, [&](boost::system::error_code failed) {
        if (failed) return;
        is_unread = true;
        loop.stop();
      });
    }
    std::optional<Attempt<void>> ended;
    auto following = follow(session, **watch);
    asio::co_spawn(loop, std::move(following), [&](std::exception_ptr thrown, Attempt<void> outcome) {
      if (thrown) std::rethrow_exception(thrown);
      ended = std::move(outcome);
      loop.stop();
    });
    loop.run();
    if (is_unread) return {};
    if (is_interrupted_ || !ended) return Failure(cli::kInterrupted, "");
    return *ended;
  }

 private:
  asio::awaitable<Attempt<void>> follow(cli::Session& session, addresses::InventoryWatch& watch) {
    addresses::Inventory before = watch.current();
    if (auto good = say_choice(session.out, watch); !good) co_return good;
    if (!session.out.stream()) co_return Attempt<void>{};  // nobody reads it; main says so
    session.report.note("watching the network of this machine; Ctrl-C ends");
    for (bool failed = false;;) {
      auto changing = watch.changed();
      const auto changed = co_await std::move(changing);
      if (!changed) {
        if (!std::exchange(failed, true)) session.report.warning(changed.error().context);
        continue;
      }
      failed = false;
      for (const NetworkChange& change : changes_between(before, watch.current())) print(session.out, to_json(change));
      before = watch.current();
      if (auto good = say_choice(session.out, watch); !good) co_return good;
      if (!session.out.stream()) co_return Attempt<void>{};
    }
  }

  /// A line where another address is the best one now.
  Attempt<void> say_choice(cli::Output& out, addresses::InventoryWatch& watch) {
    const auto answer = question_.rank(watch.current(), watch);
    if (!answer) return answer.error();
    const addresses::Candidate* best = answer->ranking.best();
    const std::string now = best != nullptr ? best->address : std::string();
    if (has_said_ && now == best_) return {};
    best_ = now;
    has_said_ = true;
    Json line{{"event", "best"},
              {"interface", best != nullptr && !best->interface.empty() ? Json(best->interface) : Json()},
              {"address", best != nullptr ? Json(now) : Json()},
              {"message", best != nullptr ? fmt::format("the best address is {}: {}", now, best->reason)
                                          : std::string("no address can be used")}};
    print(out, std::move(line));
    return {};
  }

  void print(cli::Output& out, Json line) {
    const std::string time = format_rfc3339(clock_.wall(), 0);
    if (out.format() == cli::Format::table) {
      out.stream() << time << "  " << escape_controls(line["message"].get<std::string>()) << '\n';
    } else if (out.format() == cli::Format::name) {
      if (line["event"] == "best") out.stream() << escape_controls(best_) << '\n';
    } else {
      line["time"] = time;
      if (out.format() == cli::Format::yaml)
        out.stream() << "---\n" << cli::to_yaml(dump_json(line));
      else
        out.stream() << cli::compact_json(dump_json(line)) << '\n';
    }
    out.stream().flush();
  }

  std::vector<std::string> targets_;
  Question question_;
  SystemClock clock_;
  std::string best_;
  bool has_said_ = false;
  bool is_interrupted_ = false;
};

}  // namespace

std::unique_ptr<cli::Command> make_watch_command() { return std::make_unique<WatchCommand>(); }

}  // namespace p2p::probe

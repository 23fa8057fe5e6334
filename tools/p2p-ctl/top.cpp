// p2p-ctl top: the fleet's load, live in the terminal.
#include <fmt/format.h>

#include <thread>

#include "base/system_clock.hpp"
#include "commands.hpp"
#include "fleet.hpp"
#include "screen.hpp"
#include "top_view.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kShortestRefresh{200};
constexpr milliseconds kLongestRefresh{3'600'000};
/// Between the two looks of --once: processor time is counted between looks.
constexpr milliseconds kOnceInterval{500};
/// A node that does not answer in time is shown without figures.
constexpr milliseconds kFiguresTimeout{3'000};

class Top final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.duration("--interval", "TIME", interval_, "how often to look, 2s by default");
    options.flag("--once", once_, "print the table once and end, as without a terminal");
  }

  Attempt<void> run(cli::Session& session) override {
    if (interval_ < kShortestRefresh || interval_ > kLongestRefresh)
      return Failure(cli::kUsage, "--interval must be from 200ms to 1h");
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    auto loads = look(*client);
    if (!loads) return loads.error();
    if (once_ || session.out.format() != cli::Format::table) return print_once(*client, session.out);
    const auto screen = Screen::open();
    if (screen == nullptr) return print_once(*client, session.out);
    return show(*client, *screen, session.out.surface().colour, std::move(*loads));
  }

 private:
  Attempt<std::vector<NodeLoad>> look(cli::NodeClient& client) {
    const auto nodes = ask_nodes(client, cli::kRequestTimeout);
    if (!nodes) return nodes.error();
    const auto answers = ask(client, "system.metrics", {}, rpc::Target{rpc::Target::Kind::all}, kFiguresTimeout);
    if (!answers) return answers.error();
    const auto now = Steady::now();
    auto loads = loads_of(*nodes, *answers, samples_, now - looked_, SystemClock().wall());
    looked_ = now;
    samples_.clear();
    for (const NodeLoad& load : loads) {
      if (load.sample) samples_[load.node] = *load.sample;
    }
    return loads;
  }

  Attempt<void> print_once(cli::NodeClient& client, cli::Output& out) {
    std::this_thread::sleep_for(kOnceInterval);
    const auto loads = look(client);
    if (!loads) return loads.error();
    if (out.format() == cli::Format::table) {
      out.stream() << render_top(*loads, client.address(), out.surface(), 0);
      return {};
    }
    Json rows = Json::array();
    for (const NodeLoad& load : *loads) rows.push_back(to_json(load));
    out.list(dump_json(rows), {}, "node");
    return {};
  }

  /// Until q is pressed. A coordinator that is away is told on the last line, and asked again.
  Attempt<void> show(cli::NodeClient& client, Screen& screen, bool colour, std::vector<NodeLoad> loads) {
    std::string trouble;
    for (;;) {
      const auto size = screen.size();
      const std::string foot = trouble.empty() ? "q quits" : trouble + "; trying again. q quits";
      const cli::Surface surface{size.width, colour};
      screen.draw(render_top(loads, client.address(), surface, size.height - 1) +
                  render_pairs({{foot, {""}}}, surface));
      const char key = screen.wait_for_key(interval_);
      if (key == 'q' || key == 'Q') return {};
      auto next = look(client);
      trouble = next ? "" : next.error().message;
      if (next) loads = std::move(*next);
    }
  }

  milliseconds interval_{2'000};
  bool once_ = false;
  std::map<std::string, Sample> samples_;
  Steady::time_point looked_{};
};

}  // namespace

std::unique_ptr<cli::Command> make_top() { return std::make_unique<Top>(); }

}  // namespace p2p::ctl

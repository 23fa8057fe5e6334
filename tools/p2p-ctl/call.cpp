#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "base/file.hpp"
#include "base/text.hpp"
#include "broadcast_view.hpp"
#include "call_repeat.hpp"
#include "cli/input.hpp"
#include "cli/node_client.hpp"
#include "cli/parameters.hpp"
#include "cli/rpc_failure.hpp"
#include "commands.hpp"
#include "progress_view.hpp"
#include "rpc/json_scan.hpp"
#include "service_places.hpp"
#include "target_options.hpp"

namespace p2p::ctl {
namespace {

using cli::Attempt;
using cli::Failure;

constexpr std::uint64_t kMostNodes = 100'000;
/// A longer value is not repeated in a hint.
constexpr std::size_t kShownValue = 32;

/// Files, and stdin once where `-` asks for it.
class Input {
 public:
  explicit Input(std::istream& in) : in_(&in) {}

  Result<std::string> operator()(const std::string& path) {
    if (path != "-") return read_file(path, cli::kMaxParameterBytes);
    if (std::exchange(stdin_taken_, true)) return Error(Errc::invalid, "stdin can be read only once");
    return cli::read_whole(*in_, cli::kMaxParameterBytes);
  }

 private:
  std::istream* in_;
  bool stdin_taken_ = false;
};

class Call final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.argument("SERVICE.METHOD", method_, "what to call; SERVICE/METHOD means the same");
    options.arguments("PARAMETER", parameters_.items, 0,
                      "key=text, key:=JSON, key=@FILE (its text), key:=@FILE (its JSON)");
    target_.declare(options);
    options.text("--params", "JSON", parameters_.whole, "all parameters: JSON, @FILE, or - for stdin");
    options.flag("--stream", stream_, "shows what the method reports while it runs, then the result");
    options.number("--min-success", "N", min_success_, 1, kMostNodes, "with --all: it is enough if N nodes succeed");
    options.duration("--timeout", "TIME", timeout_, "how long to wait, as in 500ms, 30s (the default), 2m");
    options.number("--repeat", "N", repeat_, 1, 1'000'000, "call so often, and show only how long it took");
    options.duration("--interval", "TIME", interval_,
                     "with --repeat: how long to wait between two calls, none by default",
                     std::chrono::milliseconds::zero());
  }

  Attempt<void> run(cli::Session& session) override {
    const std::size_t point = method_.find_first_of("./");
    if (point == std::string::npos || point == 0 || point + 1 == method_.size())
      return Failure(cli::kUsage, "\"" + method_.substr(0, 64) + "\" is not of the form SERVICE.METHOD",
                     "as in system.ping; p2p-ctl services lists the services");
    if (repeat_ == 0 && interval_.count() > 0) return Failure(cli::kUsage, "--interval goes with --repeat");
    const auto target = target_.target();
    if (!target) return target.error();
    const bool is_broadcast = *target && (*target)->kind == rpc::Target::Kind::all;
    if (stream_ && is_broadcast) return Failure(cli::kUsage, "--stream shows the progress of one node, not of --all");
    if (stream_ && repeat_ > 0) return Failure(cli::kUsage, "--stream excludes --repeat");
    if (min_success_ > 0 && !is_broadcast) return Failure(cli::kUsage, "--min-success belongs to --all");
    Input input(session.in);
    const auto params = cli::build_parameters(parameters_, [&](const std::string& path) { return input(path); });
    if (!params) return Failure(params.error(), hint_for_parameters());

    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    if (repeat_ > 0) {
      const auto once = [&] { return call_once(*client, *params, *target); };
      const auto waited = [&] { return client->waited(); };
      return repeat_call({repeat_, interval_}, once, waited, session.out);
    }
    if (stream_) return run_streamed(session, *client, *params, *target);
    const auto result = client->rpc(method_, *params, *target, timeout_);
    if (!result) return with_parameters_hint(with_service_state(*client, method_, *target, result.error()), *target);
    if (!is_broadcast) {
      session.out.value(*result);
      return {};
    }
    const std::string told = judge(*result) ? *result : with_reasons(*result, places_of(*client, service()));
    show_broadcast(session.out, told);
    return judge(told);
  }

 private:
  Attempt<void> call_once(cli::NodeClient& client, const std::string& params,
                          const std::optional<rpc::Target>& target) const {
    const auto result = client.rpc(method_, params, target, timeout_);
    if (!result) return result.error();
    const bool on_many = target && target->kind == rpc::Target::Kind::all;
    return on_many ? judge(*result) : Attempt<void>();
  }

  Attempt<void> judge(const std::string& answers) const {
    return min_success_ > 0 ? cli::judge_broadcast(answers, min_success_) : cli::judge_broadcast(answers);
  }

  Attempt<void> run_streamed(cli::Session& session, cli::NodeClient& client, const std::string& params,
                             const std::optional<rpc::Target>& target) const {
    const auto view = std::make_shared<ProgressView>(session.out, session.report);
    const auto result = client.rpc_with_progress(method_, params, target, timeout_, view);
    if (!result) return with_parameters_hint(result.error(), target);
    view->result(*result);
    return {};
  }

  /// What is most often meant by something that is no parameter.
  std::string hint_for_parameters() const {
    const auto is_bare = [](const std::string& item) { return item.find('=') == std::string::npos; };
    const auto bare = std::find_if(parameters_.items.begin(), parameters_.items.end(), is_bare);
    if (bare == parameters_.items.end()) return "p2p-ctl call --help";
    if (bare->starts_with('{') || bare->starts_with('[')) return "--params JSON takes all parameters at once";
    if (is_valid_name(*bare)) return "--node " + *bare + " would call it on that node; see p2p-ctl call --help";
    return "p2p-ctl call --help";
  }

  std::string service() const { return method_.substr(0, method_.find_first_of("./")); }

  /// The service itself knows what it takes.
  Failure with_parameters_hint(Failure failure, const std::optional<rpc::Target>& target) const {
    if (failure.exit_code != cli::kUsage || !failure.hint.empty()) return failure;
    const bool on_node = target && target->kind == rpc::Target::Kind::node;
    failure.hint = hint_for_type(failure.message) + "p2p-ctl services describe " + service() +
                   (on_node ? " --node " + target->name : "");
    return failure;
  }

  /// `port=80` is a text, and the method wants something else.
  std::string hint_for_type(const std::string& message) const {
    for (const std::string& item : parameters_.items) {
      const std::size_t equals = item.find('=');
      if (equals == std::string::npos || equals == 0 || item[equals - 1] == ':') continue;
      const std::string key = item.substr(0, equals), value = item.substr(equals + 1);
      if (message.find("params." + key + " must be of type ") == std::string::npos) continue;
      const bool is_json = value.size() <= kShownValue && rpc::check_json(value).empty();
      return key + ":=" + (is_json ? value : "JSON") + " gives a number or other JSON, and " + key + "= a text; ";
    }
    return {};
  }

  std::string method_;
  cli::ParameterInput parameters_;
  TargetOptions target_;
  bool stream_ = false;
  std::uint64_t min_success_ = 0;  // 0: all
  std::chrono::milliseconds timeout_{30'000};
  std::uint64_t repeat_ = 0;  // 0: once, and its result is shown
  std::chrono::milliseconds interval_{};
};

}  // namespace

std::unique_ptr<cli::Command> make_call() { return std::make_unique<Call>(); }

}  // namespace p2p::ctl

#include "services/exec_call.hpp"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <csignal>

#include "base/json.hpp"
#include "base/text.hpp"
#include "rpc/json_scan.hpp"
#include "rpc/jsonrpc.hpp"
#include "services/line_splitter.hpp"
#include "services/parameter_variables.hpp"
#include "services/service_log.hpp"

namespace p2p::services {
namespace {

namespace asio = boost::asio;
using rpc::Code;
using rpc::Outcome;
using rpc::RpcError;
using std::chrono::steady_clock;

/// JSON as it was printed, else the text as a JSON string.
std::string json_of(std::string_view text) {
  return rpc::check_json(text).empty() ? std::string(text) : rpc::encode_json_string(text);
}

/// What the process printed, within its bounds.
class Output {
 public:
  Output(LogSink& log, const std::string& service, ProgressSinkPtr progress)
      : log_(log, service), progress_(std::move(progress)) {}

  void take_stdout(std::string_view bytes) {
    if (result_.size() + bytes.size() > kMaxResultBytes) too_much_ = true;
    if (!too_much_) result_.append(bytes);
  }
  void take_stderr(std::string_view bytes) {
    tail_.append(bytes);
    if (tail_.size() > kMaxErrorTailBytes) tail_.erase(0, tail_.size() - kMaxErrorTailBytes);
    for (const std::string& line : lines_.feed(bytes)) log_.write(line, steady_clock::now());
  }
  void take_progress(std::string_view bytes) {
    for (const std::string& line : steps_.feed(bytes)) report(line);
  }
  void finish() {
    if (const std::string last = steps_.finish(); !last.empty()) report(last);
    if (const std::string last = lines_.finish(); !last.empty()) log_.write(last, steady_clock::now());
    log_.finish();
  }

  bool too_much() const { return too_much_; }
  bool is_text() const { return is_utf8(result_); }
  /// Nothing is null.
  std::string result() const {
    const std::string_view text = trim(result_);
    return text.empty() ? "null" : json_of(text);
  }
  /// The last of stderr, safe to show: newlines stay.
  std::string tail() const {
    std::vector<std::string> lines = split(trim(tail_), '\n');
    for (std::string& line : lines) line = escape_controls(line);
    return join(lines, "\n");
  }
  const Logger& log() const { return log_.log(); }

 private:
  void report(const std::string& line) {
    if (line.size() > kMaxProgressBytes || !is_utf8(line)) return progress_->dropped(1);
    progress_->report(json_of(line));
  }

  ServiceLog log_;
  ProgressSinkPtr progress_;
  LineSplitter lines_;
  LineSplitter steps_{kMaxProgressBytes + 1};  // of progress
  std::string result_, tail_;
  bool too_much_ = false;
};

/// Why a process is ended before it ends itself.
enum class Cause : unsigned char { none, deadline, too_much_output, cancelled };

RpcError service_failed(std::string message, std::string data = {}) {
  return {Code::service_failed, std::move(message), std::move(data)};
}

Outcome read_outcome(const std::string& service, const ExitStatus& status, Cause cause, const Output& output) {
  switch (cause) {
    case Cause::deadline:
      return rpc::standard_error(
          Code::timeout,
          fmt::format("service \"{}\" did not finish in time and was ended; the outcome is unknown", service));
    case Cause::cancelled: return service_failed(fmt::format("the call of service \"{}\" was cancelled", service));
    case Cause::too_much_output:
      return service_failed(fmt::format("service \"{}\" printed more than {}", service, format_bytes(kMaxResultBytes)));
    case Cause::none: break;
  }
  if (status.code == 0 && !output.is_text()) {
    return service_failed(fmt::format("service \"{}\" printed something that is neither JSON nor UTF-8 text", service),
                          {});
  }
  if (status.code == 0) return output.result();
  const Json data = {{"exit_code", status.code ? Json(*status.code) : Json()},
                     {"signal", status.signal ? Json(*status.signal) : Json()},
                     {"stderr", output.tail()}};
  return service_failed(fmt::format("service \"{}\" {}", service, to_text(status)), dump_json(data));
}

/// Serves the process until it has exited, ending it when there is cause; returns that cause.
asio::awaitable<Cause> attend(Process& process, Output& output, Monotonic deadline) {
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor watched(executor, process.release_poll_descriptor());
  asio::steady_timer timer(executor);
  const Process::Sink on_stdout = [&](std::string_view bytes) { output.take_stdout(bytes); };
  const Process::Sink on_stderr = [&](std::string_view bytes) { output.take_stderr(bytes); };
  const Process::Sink on_progress = [&](std::string_view bytes) { output.take_progress(bytes); };
  Cause cause = Cause::none;
  bool killed = false;
  Monotonic until = deadline;
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!process.has_exited()) {
    const bool cancelled = (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
    const bool late = steady_clock::now() >= until;
    if (cause == Cause::none && (cancelled || late || output.too_much())) {
      cause = cancelled ? Cause::cancelled : late ? Cause::deadline : Cause::too_much_output;
      process.signal_group(SIGTERM);
      until = steady_clock::now() + kTerminateGrace;
      // From here on the waits must not be cut short.
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    } else if (killed && late) {
      output.log().error("a process does not end even after SIGKILL");
      until = Monotonic::max();
    } else if (cause != Cause::none && late) {
      process.signal_group(SIGKILL);
      killed = true;
      until = steady_clock::now() + kKillGrace;
    }
    co_await readable_or(watched, timer, until);
    process.pump(on_stdout, on_stderr, on_progress);
  }
  drain(process, on_stdout, on_stderr, on_progress);
  co_return cause;
}

}  // namespace

asio::awaitable<Outcome> run_exec(Command command, std::string params, std::string service, Monotonic deadline,
                                  LogSink& log, ProgressSinkPtr progress, LeftOutHook on_left_out) {
  if (params.empty()) params = "{}";
  auto variables = parameter_variables(params);
  if (!variables) co_return rpc::standard_error(Code::invalid_params, variables.error().context);
  for (std::string& variable : variables->set) command.environment.push_back(std::move(variable));
  if (!variables->left_out.empty()) {
    const std::string names = join(variables->left_out, " ");
    command.environment.push_back("P2P_PARAMS_LEFT_OUT=" + names);
    if (on_left_out) on_left_out(names);
  }
  if (progress) command.environment.push_back(fmt::format("P2P_PROGRESS_FD={}", kProgressDescriptor));
  auto process = Process::start(command, params, progress != nullptr);
  if (!process) co_return service_failed(fmt::format("service \"{}\": {}", service, process.error().context));
  Output output(log, service, std::move(progress));
  Cause cause = co_await attend(*process, output, deadline);
  const ExitStatus status = process->reap();
  output.finish();
  if (cause == Cause::none && output.too_much()) cause = Cause::too_much_output;
  co_return read_outcome(service, status, cause, output);
}

}  // namespace p2p::services

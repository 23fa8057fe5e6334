#include "services/stdio_instance.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "base/json.hpp"
#include "base/text.hpp"
#include "services/line_splitter.hpp"
#include "services/orphan_guard.hpp"

namespace p2p::services {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// Of a line of standard error, as the reason of an end.

/// How far the end of a process has come.
struct StdioInstance::Ending {
  enum class Step : unsigned char { none, output_closed, input_closed, terminated, killed };
  Step step = Step::none;
  Monotonic until = Monotonic::max();
};

/// Makes the session and the process known to calls for as long as it lives; then no call waits for an answer any more.
class StdioInstance::Attendance {
 public:
  Attendance(StdioInstance& owner, Process& process) : owner_(owner) {
    owner_.session_ = std::make_unique<StdioSession>(owner_.settings_.session, steady_clock::now());
    owner_.process_ = &process;
  }
  Attendance(const Attendance&) = delete;
  Attendance& operator=(const Attendance&) = delete;
  ~Attendance() {
    owner_.process_ = nullptr;
    // Calls that an answer sets free must find no process here.
    const auto session = std::move(owner_.session_);
    session->fail_calls({rpc::Code::service_failed, how_ + "; the outcome of the call is unknown", data_});
  }
  /// How the process ended, for the calls.
  void conclude(const ExitStatus& status) {
    how_ = fmt::format("service \"{}\" {}", owner_.settings_.session.service, to_text(status));
    data_ = dump_json(Json{{"exit_code", status.code ? Json(*status.code) : Json()},
                           {"signal", status.signal ? Json(*status.signal) : Json()}});
  }

 private:
  StdioInstance& owner_;
  std::string how_ = fmt::format("service \"{}\" was ended", owner_.settings_.session.service);
  std::string data_;
};

StdioInstance::StdioInstance(asio::any_io_executor loop, Settings settings, Random& random, LogSink& log,
                             std::function<void()> on_change)
    : loop_(std::move(loop)),
      settings_(std::move(settings)),
      log_(log, "Services"),
      on_change_(std::move(on_change)),
      random_(random),
      policy_(settings_.restart, random),
      output_log_(log, settings_.session.service),
      timer_(loop_) {}

void StdioInstance::become(State state) {
  if (std::exchange(state_, state) != state) on_change_();
}

void StdioInstance::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> StdioInstance::run() {
  while (!stopping_) {
    become(State::starting);
    const auto status = co_await run_process();
    if (stopping_) break;
    const bool parked = status && status->code == kExitConfiguration;
    const auto wait = policy_.died(steady_clock::now());
    if (parked) {
      log_.error("service {} {}: it waits for a change", settings_.session.service, trouble_);
    } else if (degraded()) {
      // Not a mishap any more: somebody should see it, also who looks at errors only.
      log_.error("service {} {}; it starts again in {}, and is degraded", settings_.session.service, trouble_,
                 format_duration(wait));
    } else {
      log_.warning("service {} {}; it starts again in {}", settings_.session.service, trouble_, format_duration(wait));
    }
    state_ = parked ? State::parked : State::waiting;
    on_change_();  // at least of degraded()
    co_await wait_until(parked ? Monotonic::max() : steady_clock::now() + wait);
    if (!stopping_) ++restart_count_;
  }
  become(State::ended);
}

asio::awaitable<void> StdioInstance::wait_until(Monotonic until) {
  timer_.expires_at(until);
  co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<std::optional<ExitStatus>> StdioInstance::run_process() {
  const std::string id = fmt::format("{:016x}{:016x}", random_.next(), random_.next());
  Command command = settings_.command;
  command.environment.push_back(OrphanGuard::instance_mark(id));
  auto process = Process::start_piped(command);
  if (!process) {
    trouble_ = process.error().context;
    co_return std::nullopt;
  }
  last_words_.clear();
  Attendance attendance(*this, *process);
  co_await serve(*process);
  const ExitStatus status = process->reap();
  if (settings_.sweep) settings_.sweep(id);
  attendance.conclude(status);
  // What the session found broken says more than how the process then ended.
  trouble_ = session_->phase() == StdioSession::Phase::broken ? session_->flaw() : to_text(status);
  if (!last_words_.text().empty()) trouble_ += ": " + last_words_.text();
  co_return status;
}

void StdioInstance::take_line(const std::string& line) {
  const Monotonic now = steady_clock::now();
  if (!session_->receive(line, now)) output_log_.write(line, now);
  if (state_ != State::starting || session_->phase() != StdioSession::Phase::ready) return;
  policy_.became_ready(now);
  proven_ = true;
  become(State::ready);
}

/// Serves the process until it has exited.
asio::awaitable<void> StdioInstance::serve(Process& process) {
  asio::posix::stream_descriptor watched(loop_, process.release_poll_descriptor());
  LineSplitter output(kMaxMessageBytes), errors;
  const Process::Sink on_stdout = [&](std::string_view bytes) {
    for (const std::string& line : output.feed(bytes)) take_line(line);
  };
  const auto take_error = [&](const std::string& line) {
    output_log_.write(line, steady_clock::now());
    last_words_.take(line);
  };
  const Process::Sink on_stderr = [&](std::string_view bytes) {
    for (const std::string& line : errors.feed(bytes)) take_error(line);
  };
  Ending ending;
  while (!process.has_exited()) {
    const Monotonic now = steady_clock::now();
    session_->tick(now);
    if (policy_.settle(now)) {
      trouble_.clear();
      on_change_();
    }
    flush();
    advance(process, ending, now);
    const Monotonic until = std::min({session_->next_wakeup(), policy_.next_wakeup(), ending.until});
    co_await readable_or(watched, timer_, until);
    process.pump(on_stdout, on_stderr);
  }
  drain(process, on_stdout, on_stderr);
  if (const std::string last = output.finish(); !last.empty()) take_line(last);
  if (const std::string last = errors.finish(); !last.empty()) take_error(last);
  output_log_.finish();
}

/// Takes the next step towards the end of the process when it is due.
void StdioInstance::advance(Process& process, Ending& ending, Monotonic now) {
  using Step = Ending::Step;
  if (process.output_closed() && ending.step == Step::none) ending = {Step::output_closed, now + kLastMoment};
  const bool due = now >= ending.until;
  if (due && ending.step == Step::output_closed) session_->set_broken("closed its standard output");
  const bool broken = session_->phase() == StdioSession::Phase::broken;
  if (ending.step <= Step::output_closed && (broken || stopping_)) {
    process.close_input();
    if (broken) give_up_calls();
    ending = {Step::input_closed, broken ? now : now + kInputGrace};
  } else if (due && ending.step == Step::terminated) {
    process.signal_group(SIGKILL);
    ending = {Step::killed, now + kKillGrace};
  } else if (due && ending.step == Step::killed) {
    log_.error("a process of service {} does not end even after SIGKILL", settings_.session.service);
    ending.until = Monotonic::max();
  }
  if (ending.step == Step::input_closed && now >= ending.until) {
    process.signal_group(SIGTERM);
    ending = {Step::terminated, now + kTerminateGrace};
  }
}

std::optional<pid_t> StdioInstance::pid() const {
  return process_ != nullptr ? std::optional(process_->pid()) : std::nullopt;
}

/// The process is broken and will end: nobody needs to wait for that.
void StdioInstance::give_up_calls() {
  trouble_ = session_->flaw();
  become(State::waiting);
  session_->fail_calls({rpc::Code::service_failed, fmt::format("service \"{}\" {}; the outcome of the call is unknown",
                                                               settings_.session.service, trouble_)});
}

void StdioInstance::flush() {
  if (process_ == nullptr || session_->output().empty() || process_->write_input(session_->output())) return;
  session_->output().clear();
  if (stopping_) return;
  session_->set_broken("closed its standard input");
  timer_.cancel();  // serve() has to see it
}

std::uint64_t StdioInstance::call(const StdioCall& call, StdioSession::OnAnswer on_answer) {
  const std::uint64_t id = session_->call(call, std::move(on_answer));
  flush();
  return id;
}

void StdioInstance::cancel(std::uint64_t id) {
  if (!session_) return;
  session_->cancel(id);
  flush();
}

}  // namespace p2p::services

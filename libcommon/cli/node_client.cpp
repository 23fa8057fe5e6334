#include "cli/node_client.hpp"
#include "cli/output_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "base/file.hpp"
#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "cli/connection.hpp"
#include "cli/rpc_failure.hpp"
#include "cli/tls_material.hpp"
#include "net/channel.hpp"
#include "net/http_text.hpp"
#include "net/pinned_root.hpp"
#include "net/run_alone.hpp"
#include "net/tls.hpp"
#include "net/tls_words.hpp"
#include "pki/certificate.hpp"
#include "rpc/jsonrpc.hpp"
#include "rpc/streamed_answer.hpp"

namespace p2p::cli {
namespace {

namespace asio = boost::asio;

/// A call's own deadline is kept by the node; this much later the tool gives up on the node.
constexpr std::chrono::milliseconds kAnswerSlack{1'000};

/// A tenth of the time covers what the way takes and nodes keep back for the answer.
constexpr int kEarlyFraction = 10;

/// After this, at least, a node that said "too many requests" is asked again.
constexpr std::chrono::milliseconds kLeastPause{100};

/// The library's log lines are for --verbose.
class ReporterSink final : public LogSink {
 public:
  explicit ReporterSink(Reporter& report) : report_(&report) {}
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(LogLevel, std::string_view logger_name, std::string message) override {
    report_->detail(fmt::format("{}: {}", logger_name, message));
  }

 private:
  Reporter* report_;
};

}  // namespace

struct NodeClient::Impl {
  Impl(Connection where, std::unique_ptr<net::TlsContexts> contexts, net::TlsMaterial shown, Reporter& reporter)
      : connection(std::move(where)),
        material(std::move(shown)),
        tls(std::move(contexts)),
        report(reporter),
        sink(reporter),
        client(io.get_executor(), *tls, sink) {}
  ~Impl() {
    client.close();
    io.restart();
    io.poll();
    crypto::wipe(material.private_key);
  }

  net::Headers headers() const {
    net::Headers out;
    if (!connection.token.empty()) out.set("Authorization", "Bearer " + connection.token);
    return out;
  }

  net::Call request(net::Method method, const std::string& path) const {
    net::Call out;
    out.endpoint = connection.coordinator;
    out.peer = coordinator();
    out.method = method;
    out.target = path;
    out.headers = headers();
    return out;
  }

  Attempt<NodeClient::Reply> ask(net::Call request) {
    auto answer = call_patiently(std::move(request), kRequestTimeout);
    if (!answer) return answer.error();
    return Reply{answer->status, std::move(answer->body)};
  }

  static net::ExpectedPeer coordinator() {
    net::ExpectedPeer out;
    out.role = pki::Role::coordinator;
    return out;
  }

  /// Of a request that was not answered.
  Failure failed(const net::CallError& failure, const net::Call& request) const {
    Failure out = failed(failure.error);
    const Errc kind = failure.error.kind();
    if (!failure.sent && kind == Errc::timeout) {
      out = failed(Error(Errc::unreachable, fmt::format("{}: no connection within {}", request.endpoint.to_text(),
                                                        format_duration(std::min(request.connect_timeout,
                                                                                 request.timeout - kAnswerSlack)))));
    } else if (failure.sent && kind == Errc::unreachable && request.method != net::Method::get &&
               !net::refusal_in(failure.error.context)) {
      out.message += "; the outcome is unknown";
      out.hint = "\"p2p-ctl status\" says whether the coordinator is back";
    }
    return out;
  }

  Failure failed(const Error& error) const {
    Failure out(error);
    const bool named = out.message.find(connection.coordinator.host) != std::string::npos;
    if (!named) out.message = connection.coordinator.to_text() + ": " + out.message;
    if (net::is_foreign_ca(error)) {
      out.hint = "another fleet's coordinator answers there; check P2P_HOME, --context or --coordinator";
    } else if (net::refusal_in(error.context)) {
      out.hint = "it refuses the certificate shown here: revoked, expired, or of another CA? its log says which";
    } else if (error.kind() == Errc::unreachable) {
      out.hint = connection.chosen_by == "default"
                     ? "start a coordinator with p2p-node, or name one with --coordinator HOST:PORT"
                     : fmt::format("the address comes from {}", connection.chosen_by);
    }
    return out;
  }

  /// Nothing is sent before the coordinator's certificate was found good, so that trying again repeats nothing.
  Attempt<net::Answer> call(const net::Call& request) {
    auto answered = net::run_alone(io, client.call(request));
    if (call_interrupted && request_signals) return Failure(kInterrupted, "");
    if (!answered && net::is_foreign_ca(answered.error().error)) {
      if (auto newer = trust_newer_roots()) {
        answered = net::run_alone(io, client.call(request));
        if (answered) keep(*newer);
      }
    }
    if (!answered) return failed(answered.error(), request);
    return std::move(*answered);
  }

  /// On the loop, where signals are heard; false if one ends it.
  asio::awaitable<bool> wait_out(std::chrono::milliseconds pause) {
    pausing.expires_after(pause);
    if (!call_interrupted) co_await pausing.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !call_interrupted;
  }

  /// For a signal: ends the request that is under way, or the wait before the next.
  void interrupt() {
    call_interrupted = true;
    client.close();
    pausing.cancel();
  }

  /// Waits out a rate limit within `timeout`, which is also the node's time for the request.
  Attempt<net::Answer> call_patiently(net::Call request, std::chrono::milliseconds timeout) {
    const SystemClock clock;
    const Monotonic until = clock.monotonic() + timeout;
    for (std::chrono::milliseconds left = timeout;;) {
      request.headers.set("P2P-Timeout-Ms", std::to_string(left.count()));
      request.timeout = left + kAnswerSlack;
      auto answer = call(request);
      if (!answer || answer->status != 429) return answer;
      const auto asked = net::read_retry_after(answer->headers, clock.wall()).value_or(std::chrono::seconds(1));
      const auto pause = std::max<std::chrono::milliseconds>(asked, kLeastPause);
      left = std::chrono::floor<std::chrono::milliseconds>(until - clock.monotonic() - pause);
      if (left <= std::chrono::milliseconds(0)) {
        return Failure(kLimited,
                       fmt::format("{}: too many requests: it takes the next in {}, which is longer than may be waited",
                                   connection.coordinator.to_text(), format_duration(pause)),
                       "come back then, or ask seldom; operators' certificates are not limited");
      }
      const std::string message = fmt::format("{}: too many requests; trying again in {}",
                                              connection.coordinator.to_text(), format_duration(pause));
      waited.count() == 0 ? report.note(message) : report.detail(message);  // said once
      if (!net::run_alone(io, wait_out(pause))) return Failure(kInterrupted, "");
      waited += pause;
    }
  }

  /// Where the fleet's CA was given another key, one that is trusted here vouches for it: its list is believed for this
  /// run. Never where the CA itself is.
  std::optional<net::FetchedRootList> trust_newer_roots() {
    const auto& file = connection.files.ca;
    if (file_exists(file.parent_path() / "ca_key.pem")) return {};
    auto trusted = pki::Roots::from_pem(material.ca, file.string());
    if (!trusted) return {};
    auto fetching = net::fetch_root_list(io.get_executor(), connection.coordinator, std::move(*trusted),
                                         material.cluster_name, kRequestTimeout);
    auto fetched = net::run_alone(io, std::move(fetching));
    if (!fetched) return {};
    material.ca = fetched->list.pem;
    if (!tls->reload(material)) return {};
    return std::move(*fetched);
  }

  /// A coordinator has proved itself by them.
  void keep(const net::FetchedRootList& newer) {
    report.note("the fleet's CA has a new key; a key that is trusted here vouches for it");
    if (const auto written = write_file(connection.files.ca, newer.list.pem, kPublicMode); !written) {
      report.warning(written.error().context);
    }
  }

  net::Call rpc_request(const std::string& method, const std::string& params,
                        const std::optional<rpc::Target>& target) const;
  Attempt<std::string> rpc(const std::string& method, net::Call request, std::chrono::milliseconds timeout,
                           rpc::StreamedAnswer& streamed);
  Result<net::ChannelPtr> open_channel(const std::string& path) {
    return net::run_alone(io, client.open_channel(connection.coordinator, coordinator(), path, headers(),
                                                  net::ChannelLimits{}, kRequestTimeout));
  }
  asio::awaitable<Attempt<StreamEnd>> follow(net::ChannelPtr channel, std::string first,
                                             const std::function<bool(const net::Message&)>& on_message);

  Connection connection;
  net::TlsMaterial material;
  asio::io_context io{1};
  std::unique_ptr<net::TlsContexts> tls;
  Reporter& report;
  ReporterSink sink;
  net::Client client;
  asio::steady_timer pausing{io};
  bool call_interrupted = false;
  std::optional<asio::signal_set> request_signals{};
  std::chrono::milliseconds waited{};
};

asio::awaitable<Attempt<NodeClient::StreamEnd>> NodeClient::Impl::follow(
    net::ChannelPtr channel, std::string first, const std::function<bool(const net::Message&)>& on_message) {
  std::optional<StreamEnd> end;
  const auto end_with = [&](StreamEnd why) {
    end = why;
    channel->abort();
  };
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) end_with(StreamEnd::interrupted);
  });
  asio::posix::stream_descriptor unread(io);
  if (const int watch = watch_output(); watch >= 0) {
    unread.assign(watch);
    unread.async_wait(asio::posix::stream_descriptor::wait_read, [&](const boost::system::error_code& error) {
      if (!error) end_with(StreamEnd::unread);
    });
  }
  if (!first.empty()) {
    net::Message message{false, std::move(first)};
    channel->send(std::move(message));
  }
  for (;;) {
    auto message = co_await channel->receive();
    if (end) co_return *end;
    if (!message) {
      if (message.error().kind() == Errc::cancelled) co_return StreamEnd::closed;
      co_return failed(message.error());
    }
    if (!on_message(*message)) {
      channel->close(1000, "");
      co_return StreamEnd::stopped;
    }
  }
}

NodeClient::NodeClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NodeClient::NodeClient(NodeClient&&) noexcept = default;
NodeClient& NodeClient::operator=(NodeClient&&) noexcept = default;
NodeClient::~NodeClient() = default;

std::string NodeClient::address() const { return impl_->connection.coordinator.to_text(); }

const net::TlsContexts& NodeClient::tls() const { return *impl_->tls; }
const net::Endpoint& NodeClient::coordinator() const { return impl_->connection.coordinator; }

std::chrono::milliseconds NodeClient::waited() const { return impl_->waited; }

std::string NodeClient::own_serial() const {
  if (!impl_->connection.token.empty()) return {};
  const auto certificate = pki::Certificate::from_pem(impl_->material.certificate, "certificate");
  return certificate ? to_hex(certificate->facts().serial) : std::string();
}

Attempt<NodeClient> NodeClient::open(const Session& session) {
  auto connection = choose_connection(session, connection_environment());
  if (!connection) return connection.error();
  auto material = read_tls_material(*connection);
  if (!material) return material.error();
  auto tls = net::TlsContexts::make(*material);
  if (!tls) return Failure(kUnreachable, tls.error().context, "p2p-ca verify, or sign the certificate again");
  session.report.detail(fmt::format("coordinator {} ({})", connection->coordinator.to_text(), connection->chosen_by));
  return NodeClient(
      std::make_unique<Impl>(std::move(*connection), std::move(*tls), std::move(*material), session.report));
}

Attempt<std::string> NodeClient::Impl::rpc(const std::string& method, net::Call request,
                                           std::chrono::milliseconds timeout, rpc::StreamedAnswer& streamed) {
  const Monotonic begin = SystemClock().monotonic();
  auto answer = call_patiently(std::move(request), timeout);
  if (call_interrupted)
    return Failure(kInterrupted, "interrupted: the call is cancelled", "what it has done is not undone");
  if (!answer && answer.error().exit_code == kTimeout) {
    return Failure(kTimeout,
                   fmt::format("{}: no answer within {}; the outcome is unknown", connection.coordinator.to_text(),
                               format_duration(timeout)),
                   kWaitLonger);
  }
  if (!answer) return answer.error();
  if (answer->status != 200) return failure_of_status(answer->status, answer->body);
  const auto text = streamed.finish(std::move(*answer));
  if (!text) return Failure(text.error(), "the outcome is unknown");
  auto outcome = rpc::parse_response(*text);
  if (!outcome) {
    return Failure(kDamaged, fmt::format("{}: {}; the outcome is unknown", connection.coordinator.to_text(),
                                         outcome.error().context));
  }
  if (!*outcome) {
    Failure failure = failure_of(outcome->error());
    // Well before the caller's time was up, it was not that which ended the call.
    const bool early = SystemClock().monotonic() - begin < timeout - timeout / kEarlyFraction;
    if (failure.exit_code == kTimeout && early) {
      failure.hint = fmt::format(
          "it was not --timeout that ended it; \"p2p-ctl services describe {}\" shows the "
          "method's own limit",
          method.substr(0, method.find_first_of("./")));
    }
    return failure;
  }
  return std::move(**outcome);
}

net::Call NodeClient::Impl::rpc_request(const std::string& method, const std::string& params,
                                        const std::optional<rpc::Target>& target) const {
  net::Call out = request(net::Method::post, "/rpc");
  out.headers.set("Content-Type", "application/json");
  if (target) out.headers.set("P2P-Target", rpc::to_text(*target));
  out.body = rpc::make_request(method, params);
  return out;
}

Attempt<std::string> NodeClient::rpc(const std::string& method, const std::string& params,
                                     const std::optional<rpc::Target>& target, std::chrono::milliseconds timeout) {
  rpc::StreamedAnswer plain(nullptr);
  return impl_->rpc(method, impl_->rpc_request(method, params, target), timeout, plain);
}

Attempt<std::string> NodeClient::rpc_with_progress(const std::string& method, const std::string& params,
                                                   const std::optional<rpc::Target>& target,
                                                   std::chrono::milliseconds timeout, ProgressSinkPtr progress) {
  asio::signal_set signals(impl_->io, SIGINT, SIGTERM);
  signals.async_wait([impl = impl_.get()](const boost::system::error_code& error, int) {
    if (!error) impl->interrupt();
  });
  net::Call request = impl_->rpc_request(method, params, target);
  rpc::StreamedAnswer streamed(std::move(progress));
  streamed.ask(request);
  return impl_->rpc(method, std::move(request), timeout, streamed);
}

void NodeClient::end_requests_on_signal() {
  impl_->request_signals.emplace(impl_->io, SIGINT, SIGTERM);
  impl_->request_signals->async_wait([impl = impl_.get()](const boost::system::error_code& error, int) {
    if (!error) impl->interrupt();
  });
}

Attempt<NodeClient::Reply> NodeClient::get(const std::string& path) {
  return impl_->ask(impl_->request(net::Method::get, path));
}

Attempt<NodeClient::Reply> NodeClient::post(const std::string& path, std::string json) {
  net::Call request = impl_->request(net::Method::post, path);
  request.headers.set("Content-Type", "application/json");
  request.body = std::move(json);
  return impl_->ask(std::move(request));
}

Attempt<NodeClient::StreamEnd> NodeClient::stream(const std::string& path, const std::string& first,
                                                  const std::function<bool(const net::Message&)>& on_message) {
  auto channel = impl_->open_channel(path);
  if (!channel && net::is_foreign_ca(channel.error())) {
    if (auto newer = impl_->trust_newer_roots()) {
      channel = impl_->open_channel(path);
      if (channel) impl_->keep(*newer);
    }
  }
  if (!channel) return impl_->failed(channel.error());
  return net::run_alone(impl_->io, impl_->follow(std::move(*channel), first, on_message));
}

}  // namespace p2p::cli

#include "dashboard.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/replace.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/file.hpp"
#include "page_files.hpp"
#include "page_socket.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr char kSessionFile[] = "dashboard_sessions.json";
constexpr char kHistoryFile[] = "dashboard_history.bin";
constexpr std::size_t kMaxSessionFileBytes = 4 << 20;

asio::awaitable<net::Response> answer_history(FleetFeed& feed, const net::Request& request) {
  const auto range = metrics::parse_range(request.query_parameter("range").value_or("15m"));
  if (!range) co_return net::Response::problem(400, "range: must be 15m, 6h or 7d");
  auto asking = feed.history(request.query_parameter("node").value_or(""), *range);
  auto text = co_await std::move(asking);
  if (!text) co_return net::Response::problem(text.error());
  co_return net::Response::json(std::move(*text));
}

/// A file that cannot be trusted costs who is signed in, not the coordinator.
void load_sessions(SignIn& sign_in, const std::filesystem::path& file, const Logger& log) {
  const auto text = read_secret_file(file, kMaxSessionFileBytes);
  const auto loaded = text ? sign_in.load(*text) : Result<void>(text.error());
  if (loaded || loaded.error().kind() == Errc::not_found) return;
  const std::filesystem::path aside = file.string() + ".damaged";
  std::error_code failed;
  std::filesystem::rename(file, aside, failed);
  // What reading advises, such as a chmod, is for where the file is now.
  const std::string why =
      text ? file.string() + ": " + loaded.error().context
           : boost::replace_all_copy(text.error().context, file.string(), (failed ? file : aside).string());
  log.warning(
      "who was signed in to the dashboard must sign in again: {}; {}", why,
      failed ? "it cannot be set aside: " + failed.message() : "it is set aside as " + aside.filename().string());
}

}  // namespace

Dashboard::Dashboard(FleetFeed::Parts feed)
    : feed_(std::move(feed)), rendered_(feed_.parts().logs.store), logs_(feed_.parts().logs) {}

Result<std::unique_ptr<Dashboard>> Dashboard::open(const config::NodeConfig& config, const config::Paths& paths,
                                                   asio::io_context& control, FleetFeed::Parts feed, Hooks hooks) {
  feed.history_file = paths.state_file(config, kHistoryFile);
  std::unique_ptr<Dashboard> out(new Dashboard(std::move(feed)));
  const FleetFeed::Parts& parts = out->feed_.parts();
  const auto file = paths.state_file(config, kSessionFile);
  out->sessions_ = hooks.make_writer("who is signed in", file, [self = out.get()] { return self->sign_in_->encode(); });
  SignIn::Hooks sign_in;
  sign_in.changed = [&control, writer = out->sessions_.get()] { asio::post(control, [writer] { writer->changed(); }); };
  sign_in.save = [&control, writer = out->sessions_.get()] { asio::post(control, [writer] { writer->save_soon(); }); };
  sign_in.drop = std::move(hooks.drop);
  out->sign_in_ = std::make_unique<SignIn>(SignIn::Options{config.cluster_name, config.https_enabled},
                                           std::move(sign_in), parts.clock, parts.log);
  load_sessions(*out->sign_in_, file, Logger(parts.log, "Dashboard"));
  out->feed_.open();
  return out;
}

void Dashboard::add_routes(net::Router& router) {
  add_page_routes(router, embedded_files());
  sign_in_->add_routes(router);
  net::Route history;
  history.pattern = "/api/history";
  history.permission = auth::Permission::metrics_read;
  history.handler = [this](net::Request& request) { return answer_history(feed_, request); };
  router.add(std::move(history));
  net::Route live;
  live.pattern = "/ws/dashboard";
  live.permission = auth::Permission::open;  // who has no session is told so in the words of a WebSocket
  live.channel_limits = {kMaxPageMessageBytes, kPageChannelBytes};
  live.channel_handler = [this](net::Request request, net::ChannelPtr channel) {
    return serve_page({feed_, *sign_in_, rendered_, logs_, open_pages_}, std::move(request), std::move(channel));
  };
  router.add(std::move(live));
}

void Dashboard::start(net::TaskGroup& tasks, std::chrono::milliseconds autosave_interval) {
  tasks.start("dashboard", feed_.run());
  tasks.start("charts", feed_.keep_saved());
  tasks.start("autosave", sessions_->autosave(autosave_interval));
}

asio::awaitable<void> Dashboard::save() {
  auto saving = sessions_->save_now();
  co_await std::move(saving);
  auto saving_charts = feed_.save();
  co_await std::move(saving_charts);
}

}  // namespace p2p::node

// p2p-ctl dashboard: the coordinator's web page, on a port of this machine or by an address to sign in with.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/file.hpp"
#include "base/json.hpp"
#include "cli/node_client.hpp"
#include "commands.hpp"
#include "dashboard_proxy.hpp"
#include "interrupt.hpp"
#include "net/blocking_pool.hpp"
#include "net/http.hpp"
#include "net/run_alone.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX wants it declared

namespace p2p::ctl {
namespace {

namespace asio = boost::asio;
using cli::Attempt;
using cli::Failure;

constexpr std::chrono::milliseconds kTokenTimeout{10'000};
/// To sign out in; whatever waits for the coordinator then is not waited for.
constexpr std::chrono::seconds kEndPatience{2};

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

/// A file that leads the browser on. An address with the secret in it would stand in the arguments of several programs,
/// which every user of the machine may read.
class OpeningFile {
 public:
  static Result<OpeningFile> make(const std::filesystem::path& home, const std::string& address) {
    const auto path = home / fmt::format("dashboard-{}.html", ::getpid());
    const auto written = write_file(path,
                                    fmt::format("<!doctype html><meta charset=\"utf-8\"><title>p2p</title>"
                                                "<meta name=\"referrer\" content=\"no-referrer\">"
                                                "<meta http-equiv=\"refresh\" content=\"0; url={0}\">"
                                                "<p>The dashboard is <a href=\"{0}\">here</a>.</p>\n",
                                                address),
                                    kSecretMode);
    if (!written) return written.error();
    return OpeningFile(path);
  }
  OpeningFile(OpeningFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  OpeningFile& operator=(OpeningFile&&) = delete;
  ~OpeningFile() {
    if (!path_.empty()) (void)remove_file(path_);
  }
  std::string url() const {
    std::string out = "file:/";
    for (const auto& part : path_.relative_path()) out += '/' + net::percent_encode(part.string());
    return out;
  }

 private:
  explicit OpeningFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

bool has_desktop() { return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"); }

/// False where there is no xdg-open.
bool open_browser(const std::string& url) {
  std::string program = "xdg-open", argument = url;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  }
  pid_t child = 0;
  const bool spawned = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ) == 0;
  ::posix_spawn_file_actions_destroy(&actions);
  return spawned;
}

bool is_structured(const cli::Output& out) {
  return out.format() == cli::Format::json || out.format() == cli::Format::yaml;
}

class Dashboard final : public cli::Command {
 public:
  void declare(cli::Options& options) override {
    options.flag("--print", print_, "prints an address of the coordinator that signs in once, within a minute")
        .choice("--role", "ROLE", role_, {"viewer", "operator"}, "what the page may do (operator)")
        .number("--port", "PORT", port_, 0, 65'535, "of this machine, for the page (a free one)")
        .flag("--no-open", no_open_, "does not open a browser");
  }

  Attempt<void> run(cli::Session& session) override {
    if (print_ && port_ != 0) {
      return Failure(cli::kUsage,
                     "--print excludes --port: it prints an address of the coordinator and serves nothing here");
    }
    auto client = cli::NodeClient::open(session);
    if (!client) return client.error();
    return print_ ? print(session, *client) : serve(session, *client);
  }

 private:
  struct Token {
    std::string token, role, expires_at;
  };

  Attempt<Token> get_token(cli::NodeClient& node) const {
    const Json params = {{"role", role_.empty() ? "operator" : role_}};
    const auto made = node.rpc("dashboard.token", dump_json(params), std::nullopt, kTokenTimeout);
    if (!made) return made.error();
    const auto answer = parse_json(*made);
    const std::string* token = answer ? find_string(*answer, "token") : nullptr;
    if (token == nullptr) return Failure(cli::kDamaged, "the coordinator's answer holds no token");
    return Token{*token, cli::member_text(*answer, "role"), cli::member_text(*answer, "expires_at")};
  }

  Attempt<void> print(cli::Session& session, cli::NodeClient& node) {
    const auto made = get_token(node);
    if (!made) return made.error();
    const std::string address = fmt::format("https://{}/dashboard#t={}", node.address(), made->token);
    const Json described = {{"address", address}, {"role", made->role}, {"expires_at", made->expires_at}};
    if (!show(session, address, described)) return Failure(cli::kFailed, "");  // main says why
    session.report.note("good once, for a minute; whoever has it first is signed in");
    return {};
  }

  /// False when nobody can read the address.
  static bool show(cli::Session& session, const std::string& address, const Json& described) {
    if (is_structured(session.out)) {
      session.out.value(dump_json(described));
    } else {
      session.out.stream() << address << '\n';
    }
    return session.out.stream().flush().good();
  }

  static asio::awaitable<bool> end(DashboardProxy& proxy) {
    auto stopping = proxy.stop();
    co_await std::move(stopping);
    co_return true;
  }

  Attempt<void> serve(cli::Session& session, cli::NodeClient& node) {
    ::signal(SIGCHLD, SIG_IGN);  // the browser's opener is not waited for
    asio::io_context loop(1);
    NullLogSink log;
    net::Client client(loop.get_executor(), node.tls(), log);
    net::BlockingPool asking(1);
    const auto token = [this, &node, &asking] {
      auto work = [this, &node]() -> Attempt<std::string> {
        const auto made = get_token(node);
        return made ? Attempt<std::string>(made->token) : made.error();
      };
      return asking.run(std::move(work));
    };
    // First of all, so that no session is left behind where the port is taken.
    DashboardProxy proxy(loop, client, node.coordinator(), static_cast<std::uint16_t>(port_), token, log);
    if (const auto started = proxy.start(); !started) {
      return Failure(started.error(), "without --port a free one is taken");
    }
    if (const auto signed_in = net::run_alone(loop, proxy.sign_in()); !signed_in) return signed_in.error();
    if (!show(session, proxy.address(), Json{{"address", proxy.address()}})) {
      net::run_alone(loop, end(proxy));
      return Failure(cli::kFailed, "");  // main says why
    }
    std::optional<OpeningFile> opening;
    if (!no_open_ && has_desktop()) {
      auto file = OpeningFile::make(session.home, proxy.address());
      if (file) opening.emplace(std::move(*file));
    }
    const bool opened = opening && open_browser(opening->url());
    session.report.note(opened ? "opened in the browser; Ctrl-C ends it" : "open it in a browser; Ctrl-C ends it");
    net::run_alone(loop, wait_for_signal(loop));
    opening.reset();
    end_when_interrupted(nullptr);
    end_within(kEndPatience);
    net::run_alone(loop, end(proxy));
    return Failure(cli::kInterrupted, "");
  }

  /// The first; what comes later is not taken.
  static asio::awaitable<bool> wait_for_signal(asio::io_context& loop) {
    asio::signal_set signals(loop, SIGINT, SIGTERM, SIGHUP);
    co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return true;
  }

  bool print_ = false, no_open_ = false;
  std::string role_;
  std::uint64_t port_ = 0;
};

}  // namespace

std::unique_ptr<cli::Command> make_dashboard() { return std::make_unique<Dashboard>(); }

}  // namespace p2p::ctl

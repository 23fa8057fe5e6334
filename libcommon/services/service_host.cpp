#include "services/service_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "base/audit.hpp"
#include "base/file.hpp"
#include "net/run_on.hpp"
#include "services/exec_service.hpp"

namespace p2p::services {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::string_view to_string(ServiceState state) noexcept {
  switch (state) {
    case ServiceState::starting: return "starting";
    case ServiceState::running: return "running";
    case ServiceState::degraded: return "degraded";
    case ServiceState::stopped: return "stopped";
    case ServiceState::error: return "error";
  }
  return "error";
}

ServiceHost::ServiceHost(asio::any_io_executor control, Options options, rpc::Registry& registry, StateStore store,
                         OnChange on_change, Random& random, LogSink& log)
    : control_(std::move(control)),
      options_(std::move(options)),
      registry_(registry),
      store_(std::move(store)),
      on_change_(std::move(on_change)),
      random_(random),
      log_(log, "Services"),
      tasks_(control_, log),
      watch_(control_),
      view_(std::make_shared<std::vector<ServiceView>>()) {
  if (options_.socket_folder.empty()) return;
  sockets_ = std::make_unique<NodeSocket>(control_, options_.socket_folder, options_.answer_service, log);
}

void ServiceHost::open() {
  auto text = store_.load();
  if (text) {
    auto stopped = parse_wanted_state(*text);
    if (stopped) {
      stopped_ = std::move(*stopped);
    } else {
      log_.error("{}; all services are taken as wanted", stopped.error().context);
    }
  } else if (text.error().kind() != Errc::not_found) {
    log_.error("the state of services cannot be read: {}", text.error().context);
  }
  // Only a folder that exists can be watched: without one, the first service would wait for the interval.
  if (auto made = make_folder(options_.directory); !made) {
    log_.warning("the services directory cannot be made: {}", made.error().context);
  }
  scan();
}

asio::awaitable<void> ServiceHost::run() {
  for (;;) {
    co_await watch_.changed(options_.scan_interval);
    scan();
  }
}

void ServiceHost::scan() {
  if (read_folders()) publish();
}

bool ServiceHost::read_folders() {
  // Watched before they are read, so that no change falls between.
  watch_.watch({options_.directory});
  auto found = find_folders(options_.directory);
  if (!found) {
    if (std::exchange(last_scan_error_, found.error().context) != found.error().context) {
      log_.error("services cannot be read: {}", found.error().context);
    }
    return false;
  }
  last_scan_error_.clear();
  std::vector<fs::path> watched = *found;
  watched.push_back(options_.directory);
  // Also the folders without a manifest: it may come later than its folder.
  watch_.watch(watched);
  std::erase_if(*found, [](const fs::path& folder) { return !holds_manifest(folder); });
  const auto gone = std::erase_if(entries_, [&](const auto& entry) {
    return std::find(found->begin(), found->end(), entry.first) == found->end();
  });
  bool changed = gone > 0;
  for (const fs::path& folder : *found) changed = read_folder(folder) || changed;
  return changed;
}

/// Only looks at the files where nothing has changed: programs write into their folders, and each time is an event.
bool ServiceHost::read_folder(const fs::path& folder) {
  Entry& entry = entries_[folder];
  // Each version is taken before what it is the version of is read, so that no change falls between.
  std::string manifest_now = manifest_version(folder);
  if (entry.manifest_version == manifest_now && entry.program_version == program_version(folder, entry.command)) {
    return false;
  }
  entry = {std::move(manifest_now), {}, {}, folder.filename().string(), std::nullopt, {}};
  auto manifest = read_manifest(folder);
  if (!manifest) {
    entry.error = manifest.error().context;
    return true;
  }
  entry.command = manifest->command;
  entry.program_version = program_version(folder, entry.command);
  auto loaded = load_service_folder(folder, std::move(*manifest));
  if (!loaded) {
    entry.error = loaded.error().context;
    return true;
  }
  entry.name = loaded->manifest.name;
  entry.loaded = std::move(*loaded);
  return true;
}

ServiceView ServiceHost::judge(const fs::path& folder, const Entry& entry, bool name_taken) const {
  ServiceView view{entry.name, ServiceState::error, entry.error, folder.string()};
  if (!entry.loaded) return view;
  view.manifest = entry.loaded->manifest;
  const auto snapshot = registry_.snapshot();
  const auto known = snapshot->services.find(entry.name);
  if (known != snapshot->services.end() && known->second->builtin) {
    view.error = fmt::format("\"{}\" is the name of a built-in service", entry.name);
  } else if (name_taken) {
    view.error = fmt::format("another folder has a service \"{}\" already", entry.name);
  } else {
    view.state = stopped_.contains(entry.name) ? ServiceState::stopped : ServiceState::running;
  }
  return view;
}

std::vector<ServiceView> ServiceHost::judge_all() {
  std::vector<ServiceView> views;
  std::set<std::string> names;
  const auto before = view();
  for (const auto& [folder, entry] : entries_) {
    ServiceView now = judge(folder, entry, entry.loaded && !names.insert(entry.name).second);
    const bool said = std::any_of(before->begin(), before->end(), [&](const ServiceView& old) {
      return old.folder == now.folder && old.error == now.error;
    });
    if (!now.error.empty() && !said) log_.error("service {} cannot run: {}", now.name, now.error);
    views.push_back(std::move(now));
  }
  std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return views;
}

void ServiceHost::publish() {
  std::vector<ServiceView> views = judge_all();
  std::map<std::string, std::string> in_use;
  for (ServiceView& now : views) {
    if (now.state != ServiceState::running) continue;
    const Entry& entry = entries_.at(now.folder);
    std::string& version = in_use[now.name] = entry.manifest_version + entry.program_version;
    const auto old = published_.find(now.name);
    if (old == published_.end() || old->second != version) put_in_use(entry);
    add_program_state(now);
  }
  for (const auto& [name, version] : published_) {
    if (!in_use.contains(name)) take_out_of_use(name);
  }
  std::erase_if(programs_, [](const auto& program) { return program.second->ended(); });
  published_ = std::move(in_use);
  announce(views);
}

NodeFacts ServiceHost::facts_for(const std::string& service) {
  NodeFacts facts = options_.node;
  if (!sockets_) return facts;
  auto path = sockets_->open(service);
  if (path) {
    facts.socket = path->string();
  } else {
    log_.warning("service {} cannot call others: {}", service, path.error().context);
  }
  return facts;
}

void ServiceHost::put_in_use(const Entry& entry) {
  const Manifest& manifest = entry.loaded->manifest;
  const NodeFacts facts = facts_for(entry.name);
  const auto running = programs_.find(entry.name);
  const auto predecessor = running == programs_.end() ? nullptr : running->second;
  if (manifest.protocol == Protocol::exec) {
    if (predecessor) tasks_.start("end of " + entry.name, StdioService::stop(predecessor, kDrainLimit));
    registry_.publish(make_exec_service(*entry.loaded, facts, log_.sink()));
  } else {
    const auto service = std::make_shared<StdioService>(control_, *entry.loaded, facts, random_, log_.sink(),
                                                        [this] { publish_soon(); });
    programs_[entry.name] = service;
    tasks_.start("service " + entry.name, StdioService::run(service, predecessor));
    registry_.publish(StdioService::describe(service));
  }
  log_.info("service {} {} is in use", entry.name, manifest.version);
}

void ServiceHost::take_out_of_use(const std::string& name) {
  registry_.withdraw(name);
  if (sockets_) sockets_->close(name);
  if (const auto program = programs_.find(name); program != programs_.end()) {
    tasks_.start("end of " + name, StdioService::stop(program->second, kDrainLimit));
  }
  log_.info("service {} is no longer in use", name);
}

void ServiceHost::add_program_state(ServiceView& view) const {
  const auto program = programs_.find(view.name);
  if (program == programs_.end() || view.manifest->protocol != Protocol::stdio) return;
  view.restart_count = program->second->restart_count();
  view.pids = program->second->pids();
  switch (program->second->state()) {
    case StdioService::State::starting: view.state = ServiceState::starting; break;
    case StdioService::State::running: view.state = ServiceState::running; break;
    case StdioService::State::degraded: view.state = ServiceState::degraded; break;
    case StdioService::State::error: view.state = ServiceState::error; break;
  }
  view.error = program->second->trouble();
}

void ServiceHost::announce(const std::vector<ServiceView>& views) {
  std::vector<Announcement> announced;
  StateCounts counts;
  for (const ServiceView& now : views) {
    ++counts[std::string(to_string(now.state))];
    if (now.state == ServiceState::running) announced.push_back({now.name, now.manifest->version});
  }
  auto next = std::make_shared<const std::vector<ServiceView>>(views);
  {
    const std::lock_guard lock(mutex_);
    view_.swap(next);
  }
  if (announced == announced_ && counts == state_counts_) return;
  announced_ = std::move(announced);
  state_counts_ = std::move(counts);
  on_change_(announced_, state_counts_);
}

void ServiceHost::publish_soon() {
  if (!std::exchange(publish_pending_, true)) tasks_.start("services", publish_later());
}

asio::awaitable<void> ServiceHost::publish_later() {
  co_await asio::post(asio::use_awaitable);
  publish_pending_ = false;
  publish();
}

asio::awaitable<void> ServiceHost::stop(std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds kKillLimit{1'000};
  publish_pending_ = true;  // what ends now is no news for the fleet
  for (const auto& [name, program] : programs_) {
    tasks_.start("end of " + name, StdioService::stop(program, std::chrono::milliseconds{0}));
  }
  co_await tasks_.wait(limit);
  co_await tasks_.stop(kKillLimit);
  if (sockets_) co_await sockets_->stop(kKillLimit);
}

asio::awaitable<Result<ServiceState>> ServiceHost::control(Action action, std::string name, std::string by) {
  auto task = apply(action, std::move(name), std::move(by));
  auto there = net::await_on(control_, std::move(task));
  co_return co_await std::move(there);
}

asio::awaitable<Result<ServiceState>> ServiceHost::apply(Action action, std::string name, std::string by) {
  if (action == Action::restart) {
    // Read again even if nothing seems to have changed.
    for (auto& [folder, entry] : entries_) {
      if (entry.name == name) entry.manifest_version.clear();
    }
    if (const auto running = published_.find(name); running != published_.end()) running->second.clear();
  }
  read_folders();
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.second.name == name; });
  if (known == entries_.end()) co_return Error(Errc::not_found, fmt::format("no service \"{}\" on this node", name));
  const char* word = action == Action::stop ? "stops" : action == Action::start ? "starts" : "restarts";
  audit(log_.sink(), fmt::format("{} {} service {}", by, word, name));
  const bool changed = action == Action::stop ? stopped_.insert(name).second : stopped_.erase(name) > 0;
  publish();
  if (changed) {
    auto saving = store_.save();
    if (auto saved = co_await std::move(saving); !saved) {
      co_return Error(saved.error().code,
                      fmt::format("done, but it will not survive a restart of the node: {}", saved.error().context));
    }
  }
  const auto views = view();
  for (const ServiceView& now : *views) {
    if (now.name != name) continue;
    if (now.state == ServiceState::error) co_return Error(Errc::failed, now.error);
    co_return now.state;
  }
  co_return Error(Errc::not_found, fmt::format("no service \"{}\" on this node", name));
}

std::shared_ptr<const std::vector<ServiceView>> ServiceHost::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

}  // namespace p2p::services

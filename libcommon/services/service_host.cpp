#include "services/service_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "base/file.hpp"

namespace p2p::services {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::string_view to_string(ServiceState state) noexcept {
  switch (state) {
    case ServiceState::running: return "running";
    case ServiceState::stopped: return "stopped";
    case ServiceState::error: return "error";
  }
  return "error";
}

ServiceHost::ServiceHost(asio::any_io_executor control, Options options, rpc::Registry& registry, StateStore store,
                         OnChange on_change, LogSink& log)
    : control_(std::move(control)),
      options_(std::move(options)),
      registry_(registry),
      store_(std::move(store)),
      on_change_(std::move(on_change)),
      log_(log, "Services"),
      watch_(control_),
      view_(std::make_shared<std::vector<ServiceView>>()) {}

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
  read_folders();
  publish();
}

void ServiceHost::read_folders() {
  // Watched before they are read, so that no change falls between.
  watch_.watch({options_.directory});
  auto found = find_folders(options_.directory);
  if (!found) {
    if (std::exchange(last_scan_error_, found.error().context) != found.error().context) {
      log_.error("services cannot be read: {}", found.error().context);
    }
    return;
  }
  last_scan_error_.clear();
  std::vector<fs::path> watched = *found;
  watched.push_back(options_.directory);
  // Also the folders without a manifest: it may come later than its folder.
  watch_.watch(watched);
  std::erase_if(*found, [](const fs::path& folder) { return !holds_manifest(folder); });
  std::erase_if(entries_, [&](const auto& entry) {
    return std::find(found->begin(), found->end(), entry.first) == found->end();
  });
  for (const fs::path& folder : *found) read_folder(folder);
}

void ServiceHost::read_folder(const fs::path& folder) {
  std::string now = fingerprint(folder);
  Entry& entry = entries_[folder];
  if (entry.fingerprint == now) return;
  auto loaded = load_service_folder(folder);
  entry = {std::move(now), folder.filename().string(), std::nullopt, {}};
  if (!loaded) {
    entry.error = loaded.error().context;
    return;
  }
  entry.name = loaded->manifest.name;
  entry.loaded = std::move(*loaded);
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
  } else if (entry.loaded->manifest.protocol != Protocol::exec) {
    view.error =
        fmt::format("this version runs protocol exec only, not {}", to_string(entry.loaded->manifest.protocol));
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
  std::vector<Announcement> announced;
  std::map<std::string, std::string> running;
  for (const ServiceView& now : views) {
    if (now.state != ServiceState::running) continue;
    const Entry& entry = entries_.at(now.folder);
    running[now.name] = entry.fingerprint;
    announced.push_back({now.name, now.manifest->version});
    const auto old = published_.find(now.name);
    if (old != published_.end() && old->second == entry.fingerprint) continue;
    registry_.publish(make_exec_service(*entry.loaded, options_.node, log_.sink()));
    log_.info("service {} {} is running", now.name, now.manifest->version);
  }
  for (const auto& [name, fingerprint] : published_) {
    if (running.contains(name)) continue;
    registry_.withdraw(name);
    log_.info("service {} is no longer running", name);
  }
  published_ = std::move(running);
  auto next = std::make_shared<const std::vector<ServiceView>>(std::move(views));
  {
    const std::lock_guard lock(mutex_);
    view_.swap(next);
  }
  if (announced == announced_) return;
  announced_ = std::move(announced);
  on_change_(announced_);
}

asio::awaitable<Result<ServiceState>> ServiceHost::control(Action action, std::string name) {
  auto task = apply(action, std::move(name));
  co_return co_await asio::co_spawn(control_, std::move(task), asio::use_awaitable);
}

asio::awaitable<Result<ServiceState>> ServiceHost::apply(Action action, std::string name) {
  if (action == Action::restart) {
    // Read again even if nothing seems to have changed.
    for (auto& [folder, entry] : entries_) {
      if (entry.name == name) entry.fingerprint.clear();
    }
    if (const auto running = published_.find(name); running != published_.end()) running->second.clear();
  }
  read_folders();
  const auto known =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.second.name == name; });
  if (known == entries_.end()) co_return Error(Errc::not_found, fmt::format("no service \"{}\" on this node", name));
  const bool changed = action == Action::stop ? stopped_.insert(name).second : stopped_.erase(name) > 0;
  publish();
  if (changed) {
    if (auto saved = store_.save(format_wanted_state(stopped_)); !saved) {
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

#include "rpc/registry.hpp"

#include "rpc/schema.hpp"

namespace p2p::rpc {
namespace {

std::shared_ptr<RegistrySnapshot> snapshot_of(decltype(RegistrySnapshot::services) services) {
  auto next = std::make_shared<RegistrySnapshot>();
  next->services = std::move(services);
  for (const auto& [name, service] : next->services) {
    for (const Method& method : service->methods) next->methods.emplace(method.name, &method);
  }
  return next;
}

/// Those of the method of this name in what was published before, else new ones.
std::shared_ptr<CallCounts> counts_of(const Service* before, std::string_view method) {
  if (before != nullptr) {
    for (const Method& known : before->methods) {
      if (known.name == method) return known.counts;
    }
  }
  return std::make_shared<CallCounts>();
}

}  // namespace

const Method* RegistrySnapshot::find(std::string_view name) const {
  std::string key(name);
  if (const auto slash = key.find('/'); slash != std::string::npos) key[slash] = '.';
  const auto found = methods.find(key);
  return found == methods.end() ? nullptr : found->second;
}

Registry::Registry() : current_(std::make_shared<RegistrySnapshot>()) {}

template <class Edit>
void Registry::replace(Edit edit) {
  const std::lock_guard writer(writers_);
  auto services = snapshot()->services;
  edit(services);
  std::shared_ptr<const RegistrySnapshot> next = snapshot_of(std::move(services));
  const std::lock_guard lock(mutex_);
  current_.swap(next);
}

void Registry::publish(Service service) {
  for (Method& method : service.methods) {
    if (method.params_schema.empty()) continue;
    method.params = std::make_shared<const Schema>(Schema::parse(method.params_schema).value());
  }
  replace([&](auto& services) {
    std::shared_ptr<const Service>& place = services[service.name];
    for (Method& method : service.methods) method.counts = counts_of(place.get(), method.name);
    place = std::make_shared<const Service>(std::move(service));
  });
}

void Registry::withdraw(std::string_view service_name) {
  replace([&](auto& services) { services.erase(std::string(service_name)); });
}

std::shared_ptr<const RegistrySnapshot> Registry::snapshot() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace p2p::rpc

// The one registry of a node: an immutable map published by pointer. Built-in services and external ones register
// alike.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rpc/method.hpp"

namespace p2p::rpc {

/// A service as it is announced and listed.
struct Service {
  std::string name;
  std::string version;
  std::string description;
  bool builtin = true;
  std::vector<Method> methods;
};

/// An immutable view; holders keep it alive.
struct RegistrySnapshot {
  std::map<std::string, std::shared_ptr<const Service>, std::less<>> services;
  std::unordered_map<std::string, const Method*> methods;  ///< by full name; point into `services`

  /// `service.method` or `service/method`; nullptr when unknown.
  const Method* find(std::string_view name) const;
};

class Registry {
 public:
  Registry();
  /// Adds or replaces the whole service, whose methods go on counting their calls; any thread. Throws when a schema is
  /// none: those of a manifest were read before, others are ours.
  void publish(Service service);
  void withdraw(std::string_view service_name);
  /// Any thread, without waiting for a writer's work.
  std::shared_ptr<const RegistrySnapshot> snapshot() const;

 private:
  /// Replaces the map by what `edit(services)` makes of a copy of it.
  template <class Edit>
  void replace(Edit edit);

  std::mutex writers_;        // one writer at a time; readers never wait for it
  mutable std::mutex mutex_;  // guards only the pointer swap
  std::shared_ptr<const RegistrySnapshot> current_;
};

}  // namespace p2p::rpc

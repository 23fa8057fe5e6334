// What is different between two looks at the fleet.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace p2p::ctl {

/// A node, or a service on it.
struct Subject {
  std::string node;
  std::string name{};  ///< of the service; empty for a node
  auto operator<=>(const Subject&) const = default;
};

/// What is known of each: facts by name. The first fact that `changes_between` reports of a new subject is `status` of
/// a node, `state` of a service.
using Facts = std::map<std::string, std::string>;
using Subjects = std::map<Subject, Facts>;

struct Change {
  Subject subject;
  std::string fact;
  std::optional<std::string> from, to;  ///< none: not there before, not there any more
};

/// Ordered by subject.
std::vector<Change> changes_between(const Subjects& before, const Subjects& now);

/// `worker-1  status: alive -> dead`.
std::string sentence_of(const Change& change);
/// {node, service, change, from, to}; `service` of services only, null for none.
Json to_json(const Change& change);

}  // namespace p2p::ctl

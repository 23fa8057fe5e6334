// What the membership has to tell: to the log, to the dashboard, to whoever watches nodes.
#pragma once

#include <string>
#include <vector>

#include "base/log_sink.hpp"

namespace p2p::membership {

enum class EventKind : unsigned char {
  alive,      ///< a node appeared or came back
  suspected,  ///< a node went quiet
  dead,
  left,
  updated,    ///< facts of a live node changed: services, addresses, version
  forgotten,  ///< a node is no longer listed
  conflict,   ///< two processes or records with one node_id, or a second coordinator
  bulletin,   ///< a newer bulletin is held, or one was let go
  refused,    ///< a record, join or bulletin that did not hold
  self,       ///< about this node: joined, refused, raised its incarnation
};

struct Event {
  EventKind kind;
  LogLevel level;
  std::string node_id;  ///< whom it concerns
  std::string text;     ///< one sentence for the log, with the name in it
};
using Events = std::vector<Event>;

}  // namespace p2p::membership

// Server-sent events (WHATWG HTML section 9.2): `text/event-stream` as text, both ways. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace p2p::net {

inline constexpr std::string_view kEventStreamType = "text/event-stream";
/// One event of a stream that is read, data and field names together.
inline constexpr std::size_t kMaxEventBytes = 17 << 20;

/// True when the value of a Content-Type or one of the values of an Accept means an event stream.
bool names_event_stream(std::string_view field) noexcept;

/// `data` is JSON: a line break can only be between two of its tokens, and becomes a space.
void append_event(std::string& out, std::string_view name, std::string_view data);
/// What a reader skips, to be sent when there is nothing to say.
inline constexpr std::string_view kEventHeartbeat = ":\n\n";

class EventReader {
 public:
  /// `name` is empty where the event has none.
  using OnEvent = std::function<void(std::string_view name, std::string data)>;
  explicit EventReader(OnEvent on_event) : on_event_(std::move(on_event)) {}

  /// Takes what has come, however it is cut. `too_large` past kMaxEventBytes. An event that is not complete when the
  /// stream ends is none.
  Result<void> feed(std::string_view bytes);

 private:
  void take_line();
  void take_field(std::string_view name, std::string_view value);

  OnEvent on_event_;
  std::string line_, name_, data_;
  bool has_data_ = false;
  bool after_return_ = false;  // a line feed that comes next belongs to that carriage return
  bool first_line_ = true;
};

}  // namespace p2p::net

#include "rpc/streamed_answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rpc/json_scan.hpp"

namespace p2p::rpc {
namespace {

/// N of `{"dropped":N}`; 0 for anything else.
std::uint64_t read_dropped(std::string_view json) {
  std::uint64_t count = 0;
  for_each_member(json, [&](std::string_view name, std::string_view value) {
    if (name == "dropped") std::from_chars(value.data(), value.data() + value.size(), count);
  });
  return count;
}

}  // namespace

void CheckedProgress::report(std::string value) {
  if (value.size() <= kMaxProgressBytes && check_json(value).empty()) {
    // Between two tokens a line break is a blank like any other.
    std::replace_if(
        value.begin(), value.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    to_->report(std::move(value));
  } else {
    to_->dropped(1);
  }
}

StreamedAnswer::StreamedAnswer(ProgressSinkPtr progress)
    : progress_(progress ? std::make_shared<CheckedProgress>(std::move(progress)) : nullptr),
      reader_([this](std::string_view name, std::string data) { take_event(name, std::move(data)); }) {}

void StreamedAnswer::ask(net::Call& request) {
  if (!progress_) return;
  request.headers.set("Accept", std::string(net::kEventStreamType));
  request.on_body = [this](net::Answer& so_far) -> Result<void> {
    if (!net::names_event_stream(so_far.headers.get("Content-Type"))) return {};
    streamed_ = true;
    return reader_.feed(std::exchange(so_far.body, {}));
  };
}

void StreamedAnswer::take_event(std::string_view name, std::string data) {
  if (name == "progress") {
    progress_->report(std::move(data));
  } else if (name == "dropped") {
    if (const std::uint64_t count = read_dropped(data); count > 0) progress_->dropped(count);
  } else if (name == "result") {
    result_ = std::move(data);
  }
}

Result<std::string> StreamedAnswer::finish(net::Answer answer) {
  if (!streamed_) return std::move(answer.body);
  if (result_.empty()) return Error(Errc::unreachable, "the answer ended before its result");
  return std::move(result_);
}

}  // namespace p2p::rpc

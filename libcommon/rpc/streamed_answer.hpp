// The progress of a call that another node runs, as its client reads it: p2p-protocol(7), "Progress".
#pragma once

#include <string>
#include <string_view>

#include "base/progress.hpp"
#include "net/client.hpp"
#include "net/event_stream.hpp"

namespace p2p::rpc {

/// Lets nothing through but JSON, on one line: what a peer says is not believed.
class CheckedProgress final : public ProgressSink {
 public:
  explicit CheckedProgress(ProgressSinkPtr to) : to_(std::move(to)) {}
  void report(std::string value) override;
  void dropped(std::uint64_t count) override { to_->dropped(count); }

 private:
  ProgressSinkPtr to_;
};

/// One request and its answer. Whoever answers may be a version that knows no progress.
class StreamedAnswer {
 public:
  /// `progress` may be null: then nothing is asked for, and the answer is as ever.
  explicit StreamedAnswer(ProgressSinkPtr progress);
  StreamedAnswer(const StreamedAnswer&) = delete;
  StreamedAnswer& operator=(const StreamedAnswer&) = delete;

  /// Before the call, during which this must stay.
  void ask(net::Call& request);
  /// The text of the JSON-RPC response, once the call has ended well; `unreachable` when the stream had none, and then
  /// the outcome is unknown.
  Result<std::string> finish(net::Answer answer);

 private:
  void take_event(std::string_view name, std::string data);

  ProgressSinkPtr progress_;
  net::EventReader reader_;
  bool streamed_ = false;
  std::string result_;
};

}  // namespace p2p::rpc

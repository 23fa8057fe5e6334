// What a long call reports before its result, on its way from whoever runs the call to whoever wants to know: values of
// JSON text, bounded, and never waited for. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace p2p {

/// A larger value is dropped.
inline constexpr std::size_t kMaxProgressBytes = 64 << 10;

/// Takes the progress of one call; any thread, never blocks.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// One JSON value.
  virtual void report(std::string value) = 0;
  /// So many values were lost on the way here.
  virtual void dropped(std::uint64_t count) = 0;
};
/// Null where nobody wants the progress of a call.
using ProgressSinkPtr = std::shared_ptr<ProgressSink>;

}  // namespace p2p

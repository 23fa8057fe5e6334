// Where what reads logs from outside (syslog, files, the journal) hands its records over.
#pragma once

#include <optional>
#include <string>

#include "logs/record.hpp"
#include "logs/source_position.hpp"

namespace p2p::logs {

/// Any thread.
class SourceSink {
 public:
  virtual ~SourceSink() = default;

  /// Never waits. The position is that of the source after this record, empty for one that cannot be read again; what
  /// is taken, is taken together: after a kill the source goes on exactly where its records end.
  virtual void submit(LogRecord record, SourcePosition position) = 0;
  /// False: a source that can wait should, as the oldest records would have to go.
  virtual bool has_room() const = 0;
  /// The position of the last record of this source that was taken, also before a restart.
  virtual std::optional<std::string> position_of(const std::string& source) const = 0;
};

}  // namespace p2p::logs

// One line on the terminal that says how far something long has come, and is gone at the end.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.hpp"

namespace p2p::logs {

/// Writes to standard error, and only where that is a terminal.
class ProgressLine {
 public:
  /// `wanted`: not with --quiet.
  explicit ProgressLine(bool wanted);
  ~ProgressLine();  ///< clear()
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Whether the line is due to be shown anew; a few times a second.
  bool is_due() const;
  /// `text` must be safe on a terminal.
  void show(const std::string& text);
  void clear();

 private:
  bool used_ = false;
  bool shown_ = false;
  Monotonic next_{};
};

}  // namespace p2p::logs

// Who changed what: lines that are in the log whatever its level is.
#pragma once

#include <string>
#include <utility>

#include "base/log_sink.hpp"

namespace p2p {

/// `text` is one line without secrets that begins with who did it. Any thread.
inline void audit(LogSink& sink, std::string text) { sink.write(LogLevel::info, "Audit", std::move(text)); }

}  // namespace p2p

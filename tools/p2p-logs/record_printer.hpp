// Prints records: lines of text for people, one JSON object a line, logfmt, or by a template.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "logs/record_fields.hpp"

namespace p2p::logs {

/// Of one command's `-o text|json|logfmt|template`, `--template` and `--local`.
class RecordPrinter {
 public:
  void declare(cli::Options& options);
  /// After parsing, before anything is dialled. `colour`: on the terminal where it goes to.
  cli::Attempt<void> prepare(bool colour);
  /// Appends one record, with its line end. What is written to a terminal line by line takes several times as long.
  void print(std::string& out, const ParsedRecord& record) const;

 private:
  std::string format_;  // empty: not said
  std::optional<std::string> template_text_;
  bool local_ = false;
  LineLook look_{};
  std::optional<LineTemplate> template_;
};

}  // namespace p2p::logs

// Prints the records of an answer: lines of text for people, or one JSON object a line.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "logs/record_json.hpp"

namespace p2p::logs {

/// Of one command's `-o text|json`.
class RecordPrinter {
 public:
  void declare(cli::Options& options);
  void print(cli::Output& out, const ParsedRecord& record) const;

 private:
  std::string format_ = "text";
};

/// What `/api/logs` and the messages of `/ws/logs` have in common. kDamaged for anything else.
struct LogPage {
  std::vector<ParsedRecord> records;
  std::string cursor;
  bool more = false;
};
cli::Attempt<LogPage> parse_page(const Json& answer);

}  // namespace p2p::logs

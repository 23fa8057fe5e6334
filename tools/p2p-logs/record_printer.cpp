#include "record_printer.hpp"

#include "logs/text_format.hpp"

namespace p2p::logs {

void RecordPrinter::declare(cli::Options& options) {
  options.choice("-o,--output", "FORMAT", format_, {"text", "json"}, "lines for people, or one JSON object a line");
}

void RecordPrinter::print(cli::Output& out, const ParsedRecord& record) const {
  std::string line;
  if (format_ == "json")
    append_record_json(line, record.record, record.cursor);
  else
    line = format_fleet_line(record.record, out.surface().colour);
  out.stream() << line << '\n';
}

cli::Attempt<LogPage> parse_page(const Json& answer) {
  LogPage out;
  const Json* logs = find_member(answer, "logs");
  const std::string* cursor = find_string(answer, "cursor");
  if (logs == nullptr || !logs->is_array() || cursor == nullptr)
    return cli::Failure(cli::kDamaged, "the coordinator's answer is not a page of log records");
  out.cursor = *cursor;
  const Json* more = find_member(answer, "more");
  out.more = more != nullptr && more->is_boolean() && more->get<bool>();
  for (const auto& entry : *logs) {
    auto record = record_of(entry);
    if (!record) return cli::Failure(cli::kDamaged, "the coordinator sent a " + record.error().context);
    out.records.push_back(std::move(*record));
  }
  return out;
}

}  // namespace p2p::logs

#include "record_printer.hpp"

#include "base/text.hpp"
#include "local_zone.hpp"

namespace p2p::logs {

using cli::Failure;

namespace {

std::string known_fields() {
  const auto& names = record_field_names();
  return "the fields are " + join(std::vector<std::string>(names.begin(), names.end()), ", ");
}

}  // namespace

void RecordPrinter::declare(cli::Options& options) {
  options.choice("-o,--output", "FORMAT", format_, {"text", "json", "logfmt", "template"},
                 "lines for people, one JSON object a line, key=value pairs, or as --template says");
  options.text("--template", "TEXT", template_text_, "what to print of each record, as in '{timestamp} {message}'");
  options.flag("--local", local_, "show times in this machine's zone, not in UTC");
}

cli::Attempt<void> RecordPrinter::prepare(bool colour) {
  if (format_.empty()) format_ = template_text_ ? "template" : "text";
  if (template_text_ && format_ != "template")
    return Failure(cli::kUsage, "--template goes with -o template, not with -o " + format_);
  if (format_ == "template") {
    if (!template_text_) return Failure(cli::kUsage, "-o template needs --template", known_fields());
    auto parsed = LineTemplate::parse(*template_text_);
    if (!parsed) return Failure(cli::kUsage, "--template: " + parsed.error().context, known_fields());
    template_ = std::move(*parsed);
  }
  look_.colour = colour;
  if (local_) look_.zone = local_zone();
  if (format_ == "logfmt") look_.digits = 9;
  return {};
}

void RecordPrinter::print(std::string& out, const ParsedRecord& record) const {
  if (format_ == "json") {
    append_record_json(out, record.record, record.cursor);
  } else if (format_ == "logfmt") {
    out += format_logfmt(record, look_);
  } else if (template_) {
    out += template_->format(record, look_);
  } else {
    out += format_fleet_line(record.record, look_);
  }
  out += '\n';
}

}  // namespace p2p::logs

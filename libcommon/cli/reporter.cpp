#include "cli/reporter.hpp"

#include "base/text.hpp"
#include "cli/style.hpp"

namespace p2p::cli {

void Reporter::line(std::string_view label, std::string_view colour, std::string_view message) {
  *stream_ << tool_ << ": ";
  if (!label.empty()) *stream_ << (colour_ ? colour : "") << label << (colour_ ? kResetStyle : "") << ": ";
  *stream_ << escape_controls(message) << '\n';
  stream_->flush();
}

void Reporter::error(std::string_view message, std::string_view hint_text) {
  line("error", style_code(Style::bad), message);
  if (!hint_text.empty()) hint(hint_text);
}

void Reporter::failure(const Failure& failure) {
  if (!failure.message.empty()) error(failure.message, failure.hint);
}

void Reporter::warning(std::string_view message) { line("warning", style_code(Style::warn), message); }

void Reporter::hint(std::string_view text) {
  *stream_ << "hint: " << escape_controls(text) << '\n';
  stream_->flush();
}

void Reporter::note(std::string_view message) {
  if (verbosity_ != Verbosity::quiet) line({}, {}, message);
}

void Reporter::detail(std::string_view message) {
  if (verbosity_ == Verbosity::verbose) line({}, {}, message);
}

}  // namespace p2p::cli

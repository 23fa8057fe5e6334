#include "cli/reporter.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace p2p::cli {

void Reporter::labelled(std::string_view label, Style style, std::string_view message) {
  const std::string_view before = colour_ ? style_code(style) : std::string_view();
  const std::string_view after = colour_ ? kResetStyle : std::string_view();
  plain(fmt::format("{}: {}{}{}: {}", tool_, before, label, after, escape_controls(message)));
}

void Reporter::plain(std::string_view line) {
  *stream_ << line << '\n';
  stream_->flush();
}

void Reporter::error(std::string_view message, std::string_view hint_text) {
  labelled("error", Style::bad, message);
  if (!hint_text.empty()) hint(hint_text);
}

void Reporter::failure(const Failure& failure) {
  if (!failure.message.empty()) error(failure.message, failure.hint);
}

void Reporter::warning(std::string_view message) { labelled("warning", Style::warn, message); }

void Reporter::hint(std::string_view text) { plain("hint: " + escape_controls(text)); }

void Reporter::note(std::string_view message) {
  if (verbosity_ != Verbosity::quiet) plain(escape_controls(message));
}

void Reporter::detail(std::string_view message) {
  if (verbosity_ == Verbosity::verbose) plain(escape_controls(message));
}

}  // namespace p2p::cli

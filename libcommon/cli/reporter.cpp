#include "cli/reporter.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/json_view.hpp"

namespace p2p::cli {
namespace {

std::string_view kind_of(int exit_code) {
  switch (exit_code) {
    case kUsage: return "usage";
    case kUnreachable: return "unreachable";
    case kNotPermitted: return "not_permitted";
    case kNotFound: return "not_found";
    case kTimeout: return "timeout";
    case kLimited: return "limited";
    case kPartial: return "partial";
    case kDamaged: return "damaged";
    case kInterrupted: return "interrupted";
    default: return "failed";
  }
}

std::string json_of(const Failure& failure) {
  nlohmann::ordered_json error{
      {"kind", kind_of(failure.exit_code)}, {"exit_code", failure.exit_code}, {"message", failure.message}};
  if (!failure.hint.empty()) error["hint"] = failure.hint;
  if (failure.rpc_code) error["rpc_code"] = *failure.rpc_code;
  const nlohmann::ordered_json out{{"error", std::move(error)}};
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

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
  failure({kFailed, std::string(message), std::string(hint_text)});
}

void Reporter::failure(const Failure& failure) {
  if (failure.message.empty()) return;
  if (json_) return plain(compact_json(json_of(failure)));
  labelled("error", Style::bad, failure.message);
  if (!failure.hint.empty()) hint(failure.hint);
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

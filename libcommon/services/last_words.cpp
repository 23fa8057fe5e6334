#include "services/last_words.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace p2p::services {
namespace {

/// What Node.js and Rust add to an error.
bool is_added(std::string_view line) {
  return line.starts_with("Node.js v") || line == "stack backtrace:" ||
         (line.starts_with("note: ") && line.find("RUST_BACKTRACE=") != std::string_view::npos);
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & '\x80') != 0;
}

/// `main.main()`, `net/http.(*conn).serve(0xc000, …)`, `created by main.main`, `exit status 2`.
bool is_go_frame(std::string_view line) {
  if (line.starts_with("created by ") || line.starts_with("exit status ")) return true;
  const std::string_view function = line.substr(0, line.find('('));
  return line.ends_with(')') && function.size() < line.size() && function.find('.') != std::string_view::npos &&
         function.find(' ') == std::string_view::npos;
}

}  // namespace

void LastWords::take(std::string_view line) {
  if (std::ranges::none_of(line, is_letter_or_digit) || is_added(line)) return;
  const bool is_frame = line.starts_with(' ') || line.starts_with('\t');
  // A program whose lines all begin so has a last one too.
  if (is_frame && !is_frame_ && !text_.empty()) return;
  is_frame_ = is_frame;
  if (line.starts_with("goroutine ")) {
    is_go_trace_ = true;
    return;
  }
  if (is_go_trace_ && is_go_frame(line)) return;
  is_go_trace_ = false;
  text_ = escape_controls(trim(line).substr(0, kMaxLastWords));
}

}  // namespace p2p::services

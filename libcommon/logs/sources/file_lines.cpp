#include "logs/sources/file_lines.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "logs/filter.hpp"

namespace p2p::logs {

void LineCutter::keep(std::string_view bytes) {
  if (line_.bytes == 0) bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
  line_.text.append(bytes.substr(0, kMaxMessageBytes - line_.text.size()));
  line_.bytes += bytes.size();
}

FileLine LineCutter::take() {
  FileLine out = std::exchange(line_, {});
  const bool is_whole = out.bytes == out.text.size();
  if (is_whole && out.text.ends_with('\r')) {
    out.text.pop_back();
    --out.bytes;
  }
  out.end = offset_;
  return out;
}

std::vector<FileLine> LineCutter::feed(std::string_view bytes) {
  std::vector<FileLine> out;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    keep(bytes.substr(0, end));
    const std::size_t taken = end == std::string_view::npos ? bytes.size() : end + 1;
    offset_ += taken;
    bytes.remove_prefix(taken);
    if (end != std::string_view::npos) out.push_back(take());
  }
  return out;
}

std::optional<FileLine> LineCutter::finish() {
  if (!has_partial()) return {};
  return take();
}

Result<MultilineRule> parse_multiline_rule(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == text.size())
    return Error(Errc::invalid, "a pattern of paths, a space, and an expression");
  const auto expression = text.substr(space + 1);
  if (expression.size() > kMaxPatternBytes)
    return Error(Errc::invalid, fmt::format("an expression of at most {} bytes", kMaxPatternBytes));
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto start = std::make_shared<re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!start->ok()) return Error(Errc::invalid, "an expression of RE2: " + start->error());
  return MultilineRule{std::string(text.substr(0, space)), std::move(start)};
}

std::optional<FileLine> LineJoiner::add(FileLine line) {
  if (!start_) {
    if (line.bytes == 0) return {};
    return line;
  }
  const bool fits = pending_ && pending_->bytes + 1 + line.bytes <= kMaxMessageBytes;
  if (fits && !re2::RE2::PartialMatch(line.text, *start_)) {
    pending_->text += '\n';
    pending_->text += line.text;
    pending_->bytes += 1 + line.bytes;
    pending_->end = line.end;
    return {};
  }
  auto done = finish();
  pending_ = std::move(line);
  return done;
}

std::optional<FileLine> LineJoiner::finish() {
  auto out = std::exchange(pending_, {});
  if (out && out->bytes == 0) return {};
  return out;
}

}  // namespace p2p::logs

#include "rpc/json_scan.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace p2p::rpc {
namespace {

/// Bytes that a string may hold as they are: printable ASCII but quote and backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

}  // namespace

void JsonScanner::skip_space() {
  while (position_ < text_.size()) {
    const char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++position_;
  }
}

bool JsonScanner::take(char expected) {
  if (peek() != expected || at_end()) return false;
  ++position_;
  return true;
}

bool JsonScanner::enter() {
  too_deep_ = ++depth_ > kMaxJsonDepth;
  return !too_deep_;
}

bool JsonScanner::value() {
  switch (peek()) {
    case '{': return members([this](std::string_view) { return value(); });
    case '[': return elements([this] { return value(); });
    case '"': return string();
    case 't': return literal("true");
    case 'f': return literal("false");
    case 'n': return literal("null");
    default: return number();
  }
}

bool JsonScanner::literal(std::string_view word) {
  if (text_.substr(position_, word.size()) != word) return false;
  position_ += word.size();
  return true;
}

bool JsonScanner::digits() {
  const std::size_t from = position_;
  while (peek() >= '0' && peek() <= '9') ++position_;
  return position_ > from;
}

bool JsonScanner::number() {
  take('-');
  if (!take('0') && !digits()) return false;
  if (take('.') && !digits()) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    return digits();
  }
  return true;
}

bool JsonScanner::string() {
  has_escape_ = false;
  if (!take('"')) return false;
  for (;;) {
    while (position_ < text_.size() && kPlain[static_cast<unsigned char>(text_[position_])]) ++position_;
    if (at_end()) return false;
    if (take('"')) return true;
    if (take('\\')) {
      has_escape_ = true;
      if (!escape()) return false;
    } else if (!multibyte()) {
      return false;
    }
  }
}

bool JsonScanner::multibyte() {
  const std::size_t length = utf8_length(text_.substr(position_));
  position_ += length;
  return length > 1;  // what is of one byte and not plain is a control character
}

bool JsonScanner::escape() {
  const char kind = peek();
  if (std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos && !at_end()) {
    ++position_;
    return true;
  }
  unsigned unit = 0;
  if (!take('u') || !four_hex(unit)) return false;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return false;
  if (unit < 0xD800 || unit > 0xDBFF) return true;
  unsigned low = 0;
  return take('\\') && take('u') && four_hex(low) && low >= 0xDC00 && low <= 0xDFFF;
}

bool JsonScanner::four_hex(unsigned& out) {
  out = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = peek();
    const bool digit = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!digit && (lower < 'a' || lower > 'f')) return false;
    out = out * 16 + static_cast<unsigned>(digit ? c - '0' : lower - 'a' + 10);
    ++position_;
  }
  return true;
}

std::string JsonScanner::problem() const {
  if (too_deep_) return fmt::format("nested deeper than {}", kMaxJsonDepth);
  if (at_end()) return fmt::format("the text ends in the middle of a value, at byte {}", position_);
  return fmt::format("unexpected input at byte {}", position_);
}

std::string decode_json_string(std::string_view quoted) {
  // Escapes are rare, and nlohmann's decoder is safe on what the scanner has accepted.
  auto parsed = parse_json(quoted);
  return parsed && parsed->is_string() ? parsed->get<std::string>() : std::string();
}

std::string encode_json_string(std::string_view text) { return dump_json(Json(text)); }

std::string check_json(std::string_view text) {
  JsonScanner scanner(text);
  scanner.skip_space();
  if (!scanner.value()) return scanner.problem();
  scanner.skip_space();
  return scanner.at_end() ? std::string() : scanner.problem();
}

}  // namespace p2p::rpc

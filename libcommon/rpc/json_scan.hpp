// A strict pass over JSON text (RFC 8259) that validates and slices without building anything: ids and parameters reach
// their reader as the bytes that were sent, numbers beyond 2^53 included. Pure.
//
// Stricter than the grammar where readers disagree: valid UTF-8, no lone surrogate escapes, kMaxJsonDepth levels, no
// byte order mark. Laxer than parse_json in two things that only whoever reads the values can judge: members of nested
// objects may repeat, and numbers may exceed a double.
#pragma once

#include <string>
#include <string_view>

namespace p2p::rpc {

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  void skip_space();
  bool at_end() const { return position_ == text_.size(); }
  /// The next byte, or NUL at the end (which is no JSON either).
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  bool take(char expected);
  std::size_t position() const { return position_; }
  std::string_view since(std::size_t from) const { return text_.substr(from, position_ - from); }

  /// Skips the one value that begins here; false when it is not JSON.
  bool value();
  bool string();
  /// Visits the object that begins here: `on_member(key)` must skip the value and return whether it could. `key` is
  /// decoded and valid during the call.
  template <class OnMember>
  bool members(OnMember on_member);
  /// The same with the values skipped: `on_member(key, raw)` gets each as it was sent, and returns whether to go on.
  template <class OnMember>
  bool sliced_members(OnMember on_member);
  /// Visits the array that begins here; `on_element()` must skip the value and return whether it could.
  template <class OnElement>
  bool elements(OnElement on_element);

  /// Why the scan stopped, for people: what and at which byte.
  std::string problem() const;

 private:
  bool enter();
  bool literal(std::string_view word);
  bool number();
  bool digits();
  bool escape();
  bool four_hex(unsigned& out);
  bool multibyte();

  std::string_view text_;
  std::size_t position_ = 0;
  int depth_ = 0;
  bool too_deep_ = false;
  bool has_escape_ = false;  // in the string scanned last
};

/// The text of a JSON string given with its quotes, which a scanner accepted.
std::string decode_json_string(std::string_view quoted);
/// The JSON string, with quotes, of any text; invalid UTF-8 is replaced (U+FFFD).
std::string encode_json_string(std::string_view text);
/// Empty when `text` is one JSON value and nothing else, else why not.
std::string check_json(std::string_view text);
/// Calls `on_member(key, raw)` for each member of the one object that is the text, as it comes: of a text that is cut
/// off or wrong further on, those in front. Empty when it is an object and nothing else, else why not.
template <class OnMember>
std::string for_each_member(std::string_view text, OnMember on_member);

template <class OnMember>
bool JsonScanner::members(OnMember on_member) {
  if (!take('{') || !enter()) return false;
  skip_space();
  for (bool first = true; !take('}'); first = false) {
    if (!first) {
      if (!take(',')) return false;
      skip_space();
    }
    const std::size_t from = position_;
    if (!string()) return false;
    const std::string_view quoted = since(from);
    const std::string decoded = has_escape_ ? decode_json_string(quoted) : std::string();
    const std::string_view key = has_escape_ ? std::string_view(decoded) : quoted.substr(1, quoted.size() - 2);
    skip_space();
    if (!take(':')) return false;
    skip_space();
    if (!on_member(key)) return false;
    skip_space();
  }
  --depth_;
  return true;
}

template <class OnMember>
bool JsonScanner::sliced_members(OnMember on_member) {
  return members([&](std::string_view key) {
    const std::size_t from = position_;
    return value() && on_member(key, since(from));
  });
}

template <class OnElement>
bool JsonScanner::elements(OnElement on_element) {
  if (!take('[') || !enter()) return false;
  skip_space();
  for (bool first = true; !take(']'); first = false) {
    if (!first) {
      if (!take(',')) return false;
      skip_space();
    }
    if (!on_element()) return false;
    skip_space();
  }
  --depth_;
  return true;
}

template <class OnMember>
std::string for_each_member(std::string_view text, OnMember on_member) {
  JsonScanner scanner(text);
  scanner.skip_space();
  const auto visit = [&](std::string_view key, std::string_view raw) {
    on_member(key, raw);
    return true;
  };
  if (!scanner.sliced_members(visit)) return scanner.problem();
  scanner.skip_space();
  return scanner.at_end() ? std::string() : scanner.problem();
}

}  // namespace p2p::rpc

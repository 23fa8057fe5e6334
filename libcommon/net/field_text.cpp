#include "net/field_text.hpp"

#include <algorithm>

namespace p2p::net {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_char(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view next_element(std::string_view& list) noexcept {
  const std::size_t comma = std::min(list.find(','), list.size());
  std::string_view element = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
  while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
  return element;
}

bool has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    if (equals_ignoring_case(next_element(list), token)) return true;
  }
  return false;
}

std::vector<std::string_view> cookies_named(std::string_view field, std::string_view name) {
  std::vector<std::string_view> out;
  while (!field.empty() && out.size() < kMaxCookiesOfOneName) {
    const std::size_t end = std::min(field.find(';'), field.size());
    std::string_view pair = field.substr(0, end);
    field.remove_prefix(std::min(end + 1, field.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      out.push_back(pair.substr(name.size() + 1));
  }
  return out;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) noexcept {
  bool bad = false;  // without a branch a byte: this looks at all that comes in
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= (byte < 0x20 && byte != '\t') || byte == 0x7F;
  }
  return !bad;
}

}  // namespace p2p::net

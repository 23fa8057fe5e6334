#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "net/field_text.hpp"
#include "net/http.hpp"
#include "pki/subject_name.hpp"

namespace p2p::net {
namespace {

// Unreserved characters, sub-delimiters and what else a path or query may hold, beside letters and digits.
constexpr std::string_view kTargetPunctuation = "-._~!$&'()*+,;=:@/?%";

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

Error refused(std::string_view text, std::string_view why) {
  return {Errc::invalid, fmt::format("\"{}\" is not a web address: {}", escape_controls(text.substr(0, 300)), why)};
}

bool has_encoded_dot_segment(std::string_view path) {
  for (const std::string& segment : split(path, '/')) {
    const auto decoded = percent_decode(segment);
    if (!decoded || *decoded == "." || *decoded == "..") return true;
  }
  return false;
}

bool is_target(std::string_view target) {
  const bool allowed = std::all_of(target.begin(), target.end(), [](char c) {
    return is_alphanumeric(c) || kTargetPunctuation.find(c) != std::string_view::npos;
  });
  return allowed && target.starts_with('/') && percent_decode(target).has_value();
}

/// getaddrinfo reads a last label such as 0x7f as a part of an address.
bool looks_like_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return last.starts_with("0x");
}

Result<std::string> read_host(std::string_view text, bool bracketed) {
  const auto name = pki::parse_subject_name(lower_ascii(text));
  if (!name) return name.error();
  const bool is_v6 = name->text.find(':') != std::string::npos;
  if (is_v6 != bracketed || name->text.starts_with("*.") || looks_like_number(name->text)) {
    return Error(Errc::invalid, "the host is none");
  }
  return name->text;
}

Result<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return Error(Errc::invalid, "the port is none");
  }
  return port;
}

/// Host and port of an authority; the port that `out` has stays where none is said.
Result<void> read_authority(std::string_view text, Url& out) {
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return Error(Errc::invalid, "the host is none");
  auto host = read_host(bracketed ? text.substr(1, end - 1) : text.substr(0, end), bracketed);
  if (!host) return host.error();
  out.host = std::move(*host);
  const std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (rest.empty()) return {};
  if (rest.front() != ':') return Error(Errc::invalid, "the host is none");
  const auto port = read_port(rest.substr(1));
  if (!port) return port.error();
  out.port = *port;
  return {};
}

Result<void> read_target(std::string_view text, Url& out) {
  out.target.assign(text.starts_with('/') ? "" : "/").append(text);
  if (!is_target(out.target)) return Error(Errc::invalid, "the path has a character that must be escaped");
  if (has_encoded_dot_segment(std::string_view(out.target).substr(0, out.target.find('?')))) {
    return Error(Errc::invalid, "the path has a dot segment");
  }
  return {};
}

/// Takes `scheme:` off the front, if it is one that is known.
bool take_scheme(std::string_view& text, bool& https) {
  for (const std::string_view scheme : {"http:", "https:"}) {
    if (!equals_ignoring_case(text.substr(0, scheme.size()), scheme)) continue;
    https = scheme == "https:";
    text.remove_prefix(scheme.size());
    return true;
  }
  return false;
}

/// `//authority/path?query`
Result<void> read_hierarchy(std::string_view text, Url& out) {
  text.remove_prefix(2);
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  out.port = out.https ? 443 : 80;
  if (auto read = read_authority(authority, out); !read) return read;
  return read_target(text.substr(authority.size()), out);
}

/// What a relative path is appended to.
std::string_view folder_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.substr(0, path.rfind('/') + 1);
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (https ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::to_text() const { return (https ? "https://" : "http://") + authority() + target; }

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return refused(text, "it is too long");
  Url out;
  std::string_view rest = text;
  if (!take_scheme(rest, out.https) || !rest.starts_with("//")) return refused(text, "it is neither http nor https");
  if (auto read = read_hierarchy(rest, out); !read) return refused(text, read.error().context);
  return out;
}

Result<Url> resolve_reference(const Url& base, std::string_view reference) {
  if (reference.size() > kMaxUrlBytes) return refused(reference, "it is too long");
  const std::string_view text = reference.substr(0, reference.find('#'));
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon < text.find_first_of("/?")) return parse_url(text);
  Url out = base;
  Result<void> read;
  if (text.starts_with("//")) {
    read = read_hierarchy(text, out);
  } else if (text.starts_with('/')) {
    read = read_target(text, out);
  } else if (text.starts_with('?')) {
    read = read_target(base.target.substr(0, base.target.find('?')).append(text), out);
  } else if (!text.empty()) {
    read = read_target(std::string(folder_of(base.target)).append(text), out);
  }
  if (!read) return refused(reference, read.error().context);
  return out;
}

}  // namespace p2p::net

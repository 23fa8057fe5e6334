#include "net/http.hpp"

#include <algorithm>
#include <array>

#include "base/json.hpp"
#include "net/field_text.hpp"

namespace p2p::net {
namespace {

struct MethodName {
  Method method;
  std::string_view text;
};
constexpr std::array kMethods = {
    MethodName{Method::get, "GET"}, MethodName{Method::head, "HEAD"},      MethodName{Method::post, "POST"},
    MethodName{Method::put, "PUT"}, MethodName{Method::delete_, "DELETE"}, MethodName{Method::options, "OPTIONS"},
};

struct Reason {
  unsigned status;
  std::string_view phrase;
};
constexpr std::array kReasons = {
    Reason{100, "Continue"},
    Reason{101, "Switching Protocols"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{426, "Upgrade Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{499, "Client Closed Request"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};

unsigned status_of(Errc kind) {
  switch (kind) {
    case Errc::invalid: return 400;
    case Errc::not_permitted: return 403;
    case Errc::not_found: return 404;
    case Errc::too_large: return 413;
    case Errc::limited: return 429;
    case Errc::unreachable: return 502;
    case Errc::cancelled: return 503;
    case Errc::timeout: return 504;
    default: return 500;
  }
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  for (const auto& entry : kMethods) {
    if (entry.method == method) return entry.text;
  }
  return "OTHER";
}

Method parse_method(std::string_view text) noexcept {
  for (const auto& entry : kMethods) {
    if (entry.text == text) return entry.method;
  }
  return Method::other;
}

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return equals_ignoring_case(field.first, name); });
  add(std::move(name), std::move(value));
}

void Headers::add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }

std::string_view Headers::get(std::string_view name) const noexcept {
  for (const auto& [field, value] : fields_) {
    if (equals_ignoring_case(field, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const noexcept {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

std::optional<std::string> Request::query_parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto key = percent_decode(pair.substr(0, equals));
    if (!key || *key != name) continue;
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    return value ? std::optional(std::move(*value)) : std::nullopt;
  }
  return std::nullopt;
}

Response Response::json(std::string body, unsigned status) {
  Response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

Response Response::text(std::string body, unsigned status) {
  Response out = json(std::move(body), status);
  out.content_type = "text/plain; charset=utf-8";
  return out;
}

Response Response::problem(unsigned status, std::string_view detail) {
  const Json title = std::string(reason_phrase(status)), text = std::string(detail);
  Response out = json(R"({"type":"about:blank","title":)" + dump_json(title) + R"(,"status":)" +
                          std::to_string(status) + R"(,"detail":)" + dump_json(text) + "}\n",
                      status);
  out.content_type = "application/problem+json";
  return out;
}

Response Response::problem(const Error& error) { return problem(status_of(error.kind()), error.context); }

std::string_view reason_phrase(unsigned status) noexcept {
  const auto found = std::lower_bound(kReasons.begin(), kReasons.end(), status,
                                      [](const Reason& r, unsigned s) { return r.status < s; });
  return found != kReasons.end() && found->status == status ? found->phrase : "Unknown";
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Error(Errc::invalid, "a '%' is not followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            std::string_view("-._~").find(c) != std::string_view::npos;
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace p2p::net

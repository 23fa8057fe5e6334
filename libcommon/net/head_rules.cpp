#include "net/head_rules.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "net/field_text.hpp"

namespace p2p::net {
namespace {

Error refused(std::string why) { return Error(Errc::invalid, std::move(why)); }

bool has_dot_segment(std::string_view path) {
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    if (segment == "." || segment == "..") return true;
    at = end;
  }
  return false;
}

/// `http://host/path` as a proxy would send it (RFC 9112 section 3.2.2): what follows the authority.
std::string_view strip_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

}  // namespace

Result<std::size_t> HeadScanner::scan(std::string_view data) {
  const std::string_view head = data.substr(0, kMaxHeadBytes);
  for (;;) {
    const std::size_t end = head.find('\n', searched_);
    if (end == std::string_view::npos) break;
    const bool first_line = line_start_ == 0;
    const std::string_view line = head.substr(line_start_, end - line_start_);
    line_start_ = searched_ = end + 1;
    if (!line.ends_with('\r')) return refused("a line of the head ends without CR");
    if (line.size() == 1) return line_start_;
    if (!first_line && (line[0] == ' ' || line[0] == '\t')) return refused("a header field is folded");
    if (!is_field_value(line.substr(0, line.size() - 1))) return refused("the head has a control character");
  }
  searched_ = head.size();
  if (data.size() >= kMaxHeadBytes) return Error(Errc::too_large, "the head is over 16 KiB");
  return 0;
}

Result<Framing> read_framing(const Headers& headers, bool http11) {
  Framing out;
  out.http11 = http11;
  unsigned codings = 0;
  for (const auto& [name, value] : headers) {
    if (equals_ignoring_case(name, "Content-Length")) {
      if (out.content_length) return refused("there are two Content-Lengths");
      std::uint64_t length = 0;
      const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error != std::errc{} || stop != value.data() + value.size()) return refused("Content-Length is no number");
      out.content_length = length;
    } else if (equals_ignoring_case(name, "Transfer-Encoding")) {
      if (!equals_ignoring_case(value, "chunked")) return refused("the only transfer coding known is chunked");
      ++codings;
    }
  }
  if (codings > 1) return refused("there are two Transfer-Encodings");
  if (codings > 0 && out.content_length) return refused("there are a Content-Length and a Transfer-Encoding");
  if (codings > 0 && !http11) return refused("HTTP/1.0 has no Transfer-Encoding");
  out.chunked = codings > 0;
  return out;
}

Result<void> check_host(const Headers& headers, bool http11) {
  const auto count = std::count_if(headers.begin(), headers.end(),
                                   [](const auto& field) { return equals_ignoring_case(field.first, "Host"); });
  if (count > 1) return refused("there are two Hosts");
  if (count == 0) return http11 ? Result<void>(refused("Host is missing")) : Result<void>();
  const std::string_view host = headers.get("Host");
  if (host.empty() || host.find_first_of(" \t,/@?#\\") != std::string_view::npos) {
    return refused("Host is not a host and port");
  }
  return {};
}

Result<void> read_target(std::string_view target, Request& into) {
  target = strip_authority(target);
  if (target.find('#') != std::string_view::npos) return refused("the request target has a fragment");
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  if (path.empty() && mark < target.size()) path = "/";
  if (!path.starts_with('/')) return refused("the request target is not a path");
  into.query.assign(target.substr(std::min(mark + 1, target.size())));
  if (path.find('%') == std::string_view::npos) {
    into.path.assign(path);
  } else {
    auto decoded = percent_decode(path);
    if (!decoded) return decoded.error();
    into.path = std::move(*decoded);
  }
  if (!is_field_value(into.path) || into.path.find('\t') != std::string::npos) {
    return refused("the path has a control character");
  }
  if (has_dot_segment(into.path)) return refused("the path has a dot segment");
  return {};
}

bool is_same_origin(const Headers& headers, bool over_tls) {
  const std::string expected = (over_tls ? "https://" : "http://") + std::string(headers.get("Host"));
  return std::all_of(headers.begin(), headers.end(), [&](const auto& field) {
    return !equals_ignoring_case(field.first, "Origin") || equals_ignoring_case(field.second, expected);
  });
}

}  // namespace p2p::net

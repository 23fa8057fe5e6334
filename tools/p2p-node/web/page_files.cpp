#include "page_files.hpp"

#include <boost/asio/awaitable.hpp>
#include <string>
#include <utility>

#include "net/field_text.hpp"

namespace p2p::node {

namespace asio = boost::asio;

namespace {

constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";
constexpr char kForEver[] = "public, max-age=31536000, immutable";

/// Of a list of what is accepted: false where it is said that it is not (q=0).
bool has_weight(std::string_view element) {
  const std::size_t weight = element.find("q=");
  return weight == std::string_view::npos || element.find_first_of("123456789", weight) != std::string_view::npos;
}

/// Accept and Accept-Encoding (RFC 9110 sections 12.5.1, 12.5.3): `name` is listed, and not with a weight of 0.
bool accepts(std::string_view field, std::string_view name) {
  while (!field.empty()) {
    const std::string_view element = net::next_element(field);
    if (net::equals_ignoring_case(element.substr(0, element.find_first_of("; \t")), name)) return has_weight(element);
  }
  return false;
}

/// If-None-Match (RFC 9110 section 13.1.2): compared weakly, as proxies make a weak one of ours.
bool has_etag(std::string_view field, std::string_view etag) {
  while (!field.empty()) {
    std::string_view element = net::next_element(field);
    if (element == "*") return true;
    if (element.starts_with("W/")) element.remove_prefix(2);
    if (element == etag) return true;
  }
  return false;
}

/// A compressed answer is another one than the plain one, and has a name of its own.
std::string etag_of(const EmbeddedFile& file, bool gzip) {
  std::string out(file.etag);
  if (gzip && out.ends_with('"')) out.insert(out.size() - 1, "-gzip");
  return out;
}

net::Response answer(const EmbeddedFile& file, const net::Request& request) {
  const bool gzip = !file.gzip.empty() && accepts(request.headers.get("Accept-Encoding"), "gzip");
  const std::string etag = etag_of(file, gzip);
  net::Response out;
  out.content_type = file.content_type;
  out.headers.add("ETag", etag);
  out.headers.add("Vary", "Accept-Encoding");
  out.headers.add("Cache-Control", file.immutable ? kForEver : "no-cache");
  out.headers.add("Content-Security-Policy", kPolicy);
  out.headers.add("Referrer-Policy", "no-referrer");
  out.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  out.headers.add("Cross-Origin-Resource-Policy", "same-origin");
  if (has_etag(request.headers.get("If-None-Match"), etag)) {
    out.status = 304;
    return out;
  }
  if (gzip) out.headers.add("Content-Encoding", "gzip");
  out.body = gzip ? file.gzip : file.identity;
  return out;
}

void add(net::Router& router, std::string path, std::function<net::Response(const net::Request&)> answer) {
  net::Route route;
  route.pattern = std::move(path);
  route.permission = auth::Permission::open;
  route.handler = [answer = std::move(answer)](net::Request& request) -> asio::awaitable<net::Response> {
    co_return answer(request);
  };
  router.add(std::move(route));
}

}  // namespace

void add_page_routes(net::Router& router, std::span<const EmbeddedFile> files) {
  for (const EmbeddedFile& file : files) {
    add(router, std::string(file.path), [&file](const net::Request& request) { return answer(file, request); });
  }
  if (files.empty()) {
    add(router, "/dashboard", [](const net::Request&) {
      return net::Response::problem(404, "this p2p-node was built without the dashboard");
    });
    return;
  }
  // What people type.
  add(router, "/dashboard/", [](const net::Request&) {
    auto out = net::Response::text("", 308);
    out.headers.add("Location", "../dashboard");
    return out;
  });
  add(router, "/", [](const net::Request& request) {
    const bool is_browser = accepts(request.headers.get("Accept"), "text/html");
    auto out = is_browser ? net::Response::text("", 302) : net::Response::problem(404, "there is nothing at /");
    if (is_browser) out.headers.add("Location", "/dashboard");
    out.headers.add("Vary", "Accept");
    return out;
  });
}

}  // namespace p2p::node

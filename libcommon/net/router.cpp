#include "net/router.hpp"

namespace p2p::net {
namespace {

constexpr std::string_view kRest = "{*}";

bool serves(Method of_route, Method asked) {
  return of_route == asked || (of_route == Method::get && asked == Method::head);
}

/// The first segment of `path`, without its leading slash; `path` loses it.
std::string_view next_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

/// A placeholder takes one segment that is not empty; a final `{*}` takes the rest, which may be empty.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& captured) {
  captured.clear();
  while (!pattern.empty()) {
    if (path.empty()) return false;
    const std::string_view whole_path = path;
    const std::string_view wanted = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (wanted == kRest) {
      captured.emplace_back(whole_path.substr(1));
      return pattern.empty();
    }
    if (wanted.starts_with('{')) {
      if (segment.empty()) return false;
      captured.emplace_back(segment);
    } else if (wanted != segment) {
      return false;
    }
  }
  return path.empty();
}

void add_allowed(std::string& allowed, Method method) {
  const auto append = [&](std::string_view text) {
    if (allowed.find(text) != std::string::npos) return;
    if (!allowed.empty()) allowed += ", ";
    allowed += text;
  };
  append(to_string(method));
  if (method == Method::get) append(to_string(Method::head));
}

}  // namespace

void Router::add(Route route) {
  const bool exact = route.pattern.find('{') == std::string::npos;
  const std::size_t index = routes_.size();
  if (exact) {
    exact_[route.pattern].push_back(index);
  } else {
    patterns_.push_back(index);
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::find(Method method, std::string_view path) const {
  Match out;
  if (const auto found = exact_.find(path); found != exact_.end()) {
    for (const std::size_t index : found->second) {
      if (serves(routes_[index].method, method)) {
        out.route = &routes_[index];
        return out;
      }
      add_allowed(out.allowed, routes_[index].method);
    }
  }
  for (const std::size_t index : patterns_) {
    const Route& route = routes_[index];
    if (!matches(route.pattern, path, out.captured)) continue;
    if (serves(route.method, method)) {
      out.route = &route;
      out.allowed.clear();
      return out;
    }
    add_allowed(out.allowed, route.method);
  }
  out.captured.clear();
  return out;
}

}  // namespace p2p::net

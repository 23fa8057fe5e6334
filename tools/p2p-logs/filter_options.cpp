#include "filter_options.hpp"

#include "base/system_clock.hpp"
#include "base/text.hpp"
#include "local_zone.hpp"
#include "logs/filter.hpp"
#include "net/http.hpp"

namespace p2p::logs {
namespace {

/// An option that is given and empty is a variable that is not set: it must not mean everything.
cli::Attempt<void> check_not_empty(const std::vector<std::string>& globs, std::string_view option) {
  for (const auto& part : split(join(globs, ","), ',')) {
    if (!globs.empty() && trim(part).empty())
      return cli::Failure(cli::kUsage, std::string(option) + ": a pattern must not be empty");
  }
  return {};
}

}  // namespace

void FilterOptions::declare(cli::Options& options) {
  options.texts("--node", "GLOB", nodes, "only these nodes");
  options.texts("--logger", "GLOB", loggers, "only these loggers, such as 'Service.*'");
  options.choice("--level", "LEVEL", level, {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}, "this level and above");
  options.text("--grep", "TEXT", grep, "only messages that contain this, whatever the case");
  options.text("--regex", "EXPR", regex, "only messages in which this RE2 expression is found");
}

void FilterOptions::declare_times(cli::Options& options) {
  options.text("--since", "TIME", since, "from then on: 10m, 1h30m, yesterday, 15:04, 2026-01-02 or RFC 3339");
  options.text("--until", "TIME", until, "before then");
}

cli::Attempt<Json> FilterOptions::parameters() const {
  for (const auto& checked : {check_not_empty(nodes, "--node"), check_not_empty(loggers, "--logger")}) {
    if (!checked) return checked.error();
  }
  Json out = Json::object();
  if (!nodes.empty()) out["node_id"] = join(nodes, ",");
  if (!loggers.empty()) out["logger_name"] = join(loggers, ",");
  if (!level.empty()) out["level"] = level;
  if (!grep.empty()) out["text"] = grep;
  if (!regex.empty()) out["regex"] = regex;
  const WallTime now = SystemClock().wall();
  for (const auto& [name, text] : {std::pair{"since", &since}, std::pair{"until", &until}}) {
    if (!*text) continue;
    auto parameter = time_parameter(**text, now, local_zone());
    if (!parameter) return cli::Failure(cli::kUsage, std::string("--") + name + ": " + parameter.error().context);
    out[name] = std::move(*parameter);
  }
  const auto spec = parse_filter(json_parameters(out), now);
  if (!spec) return cli::Failure(cli::kUsage, spec.error().context);
  if (spec->since && spec->until && *spec->until < *spec->since)
    return cli::Failure(cli::kUsage, "--until is before --since");
  if (const auto filter = Filter::make(*spec); !filter) return cli::Failure(cli::kUsage, filter.error().context);
  return out;
}

std::string query_string(const Json& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters.items()) {
    out += out.empty() ? '?' : '&';
    out += name + "=" + net::percent_encode(value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  return out;
}

}  // namespace p2p::logs

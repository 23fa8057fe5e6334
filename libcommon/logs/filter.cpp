#include "logs/filter.hpp"

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <numeric>

#include "base/text.hpp"
#include "logs/time_expression.hpp"

namespace p2p::logs {
namespace {

/// Bounds the automaton that a search builds.
constexpr std::int64_t kMaxExpressionMemory = 1 << 20;
/// With it RE2 compiles so many instructions and no more: it lets them, of 16 bytes each, have a sixth.
constexpr std::int64_t kMaxCompiledMemory = std::int64_t{kMaxExpressionInstructions} * 16 * 6;

/// Shorter ones are no terms of the index.
constexpr int kLeastNeededBytes = 3;
/// Of an expression with more parts, such as a long list of alternatives, none is looked for.
constexpr std::size_t kMaxParts = 16;

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() ||
         std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return glob_match(glob, text); });
}

Result<void> check_globs(const std::vector<std::string>& globs, std::string_view what) {
  if (globs.size() > kMaxFilterGlobs)
    return Error(Errc::invalid, fmt::format("more than {} patterns for {}", kMaxFilterGlobs, what));
  for (const auto& glob : globs) {
    if (glob.size() > kMaxGlobBytes)
      return Error(Errc::invalid, fmt::format("a pattern for {} is longer than {} bytes", what, kMaxGlobBytes));
  }
  return {};
}

/// Case is folded as Unicode does, which is why plain text goes through RE2 too.
Result<std::shared_ptr<const RE2>> compile(std::string_view pattern, bool literal, std::string_view what) {
  if (pattern.empty()) return std::shared_ptr<const RE2>();
  if (pattern.size() > kMaxPatternBytes)
    return Error(Errc::invalid, fmt::format("{} is longer than {} bytes", what, kMaxPatternBytes));
  if (!is_utf8(pattern)) return Error(Errc::invalid, fmt::format("{} is not UTF-8", what));
  RE2::Options options;
  options.set_log_errors(false);
  options.set_literal(literal);
  options.set_case_sensitive(!literal);
  options.set_never_capture(true);
  if (!literal) {
    // One that is too large is known to be before much time has gone into it.
    options.set_max_mem(kMaxCompiledMemory);
    const RE2 tried(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (tried.error_code() == RE2::ErrorPatternTooLarge)
      return Error(Errc::invalid, fmt::format("{} is too large once its repetitions are written out", what));
  }
  options.set_max_mem(kMaxExpressionMemory);
  auto out = std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!out->ok()) return Error(Errc::invalid, fmt::format("{}: {}", what, escape_controls(out->error())));
  return out;
}

std::vector<Filter::AnyOf> needed_by(const RE2& regex) {
  re2::FilteredRE2 parts_of(kLeastNeededBytes);
  int id = 0;
  std::vector<Filter::AnyOf> out;
  std::vector<std::string> parts;
  if (parts_of.Add(regex.pattern(), regex.options(), &id) != RE2::NoError) return out;
  parts_of.Compile(&parts);
  if (parts.size() > kMaxParts) return out;
  // Whether a message may match that has all parts but one, or these alone.
  const auto is_possible_with = [&](const std::vector<int>& some) {
    std::vector<int> possible;
    parts_of.AllPotentials(some, &possible);
    return !possible.empty();
  };
  std::vector<int> needed;
  Filter::AnyOf others;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<int> all_but_one(parts.size());
    std::iota(all_but_one.begin(), all_but_one.end(), 0);
    all_but_one.erase(all_but_one.begin() + static_cast<std::ptrdiff_t>(i));
    if (is_possible_with(all_but_one)) {
      others.push_back(parts[i]);
    } else {
      needed.push_back(static_cast<int>(i));
      out.push_back({parts[i]});
    }
  }
  if (!others.empty() && !is_possible_with(needed)) out.push_back(std::move(others));
  return out;
}

std::vector<std::string> list_of(const std::optional<std::string>& text) {
  std::vector<std::string> out;
  if (!text) return out;
  for (const auto& part : split(*text, ',')) {
    const std::string_view trimmed = trim(part);
    if (!trimmed.empty()) out.emplace_back(trimmed);
  }
  return out;
}

Result<std::optional<WallTime>> time_of(const ParameterLookup& parameter, std::string_view name, WallTime now) {
  const auto text = parameter(name);
  if (!text || text->empty()) return std::optional<WallTime>();
  const auto time = parse_time(*text, now, {});
  if (!time) return Error(Errc::invalid, fmt::format("{}: {}", name, time.error().context));
  return std::optional<WallTime>(*time);
}

}  // namespace

Result<FilterSpec> parse_filter(const ParameterLookup& parameter, WallTime now) {
  FilterSpec out;
  out.nodes = list_of(parameter("node_id"));
  out.loggers = list_of(parameter("logger_name"));
  if (const auto text = parameter("level"); text && !text->empty()) {
    const auto level = parse_log_level(*text);
    if (!level)
      return Error(Errc::invalid, fmt::format("level: \"{}\" is none of DEBUG, INFO, WARNING, ERROR, CRITICAL",
                                              escape_controls(text->substr(0, 32))));
    out.minimum_level = *level;
  }
  const auto since = time_of(parameter, "since", now);
  if (!since) return since.error();
  const auto until = time_of(parameter, "until", now);
  if (!until) return until.error();
  out.since = *since;
  out.until = *until;
  out.text = parameter("text").value_or("");
  out.regex = parameter("regex").value_or("");
  return out;
}

ParameterLookup json_parameters(const Json& object) {
  return [&object](std::string_view name) -> std::optional<std::string> {
    const Json* member = find_member(object, name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    if (member->is_string()) return member->get<std::string>();
    if (!member->is_array()) return dump_json(*member);
    std::vector<std::string> parts;
    for (const auto& part : *member) parts.push_back(part.is_string() ? part.get<std::string>() : dump_json(part));
    return join(parts, ",");
  };
}

Result<Filter> Filter::make(FilterSpec spec) {
  if (const auto fine = check_globs(spec.nodes, "node_id"); !fine) return fine.error();
  if (const auto fine = check_globs(spec.loggers, "logger_name"); !fine) return fine.error();
  Filter out;
  const auto text = compile(spec.text, true, "text");
  if (!text) return text.error();
  const auto regex = compile(spec.regex, false, "regex");
  if (!regex) return regex.error();
  out.text_ = *text;
  out.regex_ = *regex;
  if (out.regex_ != nullptr) out.needed_texts_ = needed_by(*out.regex_);
  if (!spec.text.empty()) out.needed_texts_.push_back({spec.text});
  out.spec_ = std::move(spec);
  return out;
}

bool Filter::matches_node(std::string_view node_id) const { return matches_any(spec_.nodes, node_id); }

bool Filter::matches_logger(std::string_view logger_name) const { return matches_any(spec_.loggers, logger_name); }

bool Filter::matches_message(std::string_view message) const {
  const re2::StringPiece piece(message.data(), message.size());
  return (text_ == nullptr || RE2::PartialMatch(piece, *text_)) &&
         (regex_ == nullptr || RE2::PartialMatch(piece, *regex_));
}

bool Filter::matches_time(WallTime received_at) const {
  return (!spec_.since || received_at >= *spec_.since) && (!spec_.until || received_at < *spec_.until);
}

bool Filter::matches(const LogRecord& record) const {
  return record.level >= spec_.minimum_level && matches_time(record.received_at) && matches_node(record.node_id) &&
         matches_logger(record.logger_name) && matches_message(record.message);
}

}  // namespace p2p::logs

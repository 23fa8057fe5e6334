#include "output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/text.hpp"

namespace p2p::ca {
namespace {

void put(std::FILE* file, std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

std::string to_json(const Document& value, int indent) {
  return value.dump(indent, ' ', false, Document::error_handler_t::replace);
}

/// Block style; a scalar is written as in JSON, which YAML 1.2 reads alike.
void to_yaml(const Document& value, std::size_t depth, std::string& out) {
  const std::string indent(depth * 2, ' ');
  const auto append = [&](const std::string& lead, const Document& child) {
    const bool nested = child.is_structured() && !child.empty();
    out += indent + lead;
    if (!nested) {
      out += " " + to_json(child, -1) + "\n";
      return;
    }
    out += "\n";
    to_yaml(child, depth + 1, out);
  };
  if (value.empty()) {
    out += indent + to_json(value, -1) + "\n";
  } else if (value.is_object()) {
    for (const auto& [key, child] : value.items()) append(key + ":", child);
  } else {
    for (const auto& child : value) append("-", child);
  }
}

}  // namespace

Result<Format> parse_format(const std::string& text) {
  if (text == "table") return Format::table;
  if (text == "json") return Format::json;
  if (text == "yaml") return Format::yaml;
  if (text == "name") return Format::name;
  return Error(Errc::invalid,
               fmt::format("\"{}\" is not a format: table, json, yaml or name", escape_controls(text.substr(0, 32))));
}

void Output::line(std::string_view text) {
  put(stdout, text);
  put(stdout, "\n");
}

void Output::table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& title : header) widths.push_back(title.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto print = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:<{}}  ", row[i], widths[i]);
    line(text + row.back());
  };
  print(header);
  for (const auto& row : rows) print(row);
}

void Output::document(const Document& value, Format format) {
  std::string text;
  if (format == Format::json)
    text = to_json(value, 2) + "\n";
  else
    to_yaml(value, 0, text);
  put(stdout, text);
}

void Output::note(std::string_view text) {
  if (!quiet_) put(stderr, fmt::format("{}\n", text));
}

void Output::error(const Error& error, std::string_view hint) {
  put(stderr, fmt::format("p2p-ca: error: {}\n", error.context));
  if (!hint.empty()) put(stderr, fmt::format("hint: {}\n", hint));
}

int Output::fail(const Error& failure, std::string_view hint) {
  error(failure, hint);
  return exit_code_of(failure.kind());
}

Result<void> Output::finish() {
  const bool failed = std::ferror(stdout) != 0;
  if (std::fflush(stdout) != 0 || failed) return system_error(errno, "standard output");
  return {};
}

}  // namespace p2p::ca

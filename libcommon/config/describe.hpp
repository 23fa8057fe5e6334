// What the table of keys says, in the forms that people and editors read. Pure.
#pragma once

#include <string>

#include "config/loader.hpp"

namespace p2p::config {

/// The effective values as YAML that loads again, each with a comment that says where it came from. What is
/// decided only at start (Key::derived_default) is a comment. A configuration holds no secrets.
std::string dump(const LoadedConfig& config);

/// The same for programs: the JSON text of an array of {key, value, source, where, live, needs_restart}. `source` is
/// `default`, `file`, `environment`, `flag` or `derived`; `where` as Origin has it; `live`: SIGHUP takes it over;
/// `needs_restart`: `config` has another value than `running`, whose is shown. What is decided only at start has value
/// null, and `where` says how it is decided.
std::string effective_values(const NodeConfig& running, const LoadedConfig& config);

/// JSON Schema (draft 2020-12) of a configuration file, for editors.
std::string json_schema();

/// The sections of the manual page that describe every key, in scdoc.
std::string manual_sections();

}  // namespace p2p::config

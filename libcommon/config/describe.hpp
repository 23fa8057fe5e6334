// What the table of keys says, in the forms that people and editors read. Pure.
#pragma once

#include <string>

#include "config/loader.hpp"

namespace p2p::config {

/// The effective values as YAML that loads again, each with a comment that says where it came from. What is
/// decided only at start (Key::derived_default) is a comment. A configuration holds no secrets.
std::string dump(const LoadedConfig& config);

/// JSON Schema (draft 2020-12) of a configuration file, for editors.
std::string json_schema();

/// The sections of the manual page that describe every key, in scdoc.
std::string manual_sections();

}  // namespace p2p::config

// Files that a person names, outside home. Root, who works on a home as its owner, has them as who typed the command.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "cli/failure.hpp"

namespace p2p::cli {

/// kNotFound where its folder is not there, which may be a misspelling and so is not made; an error where who typed the
/// command may not write to it.
Attempt<void> check_named_file(const std::filesystem::path& file);

/// Checks that, then writes the file whole. Fails when it is there and not to be replaced, with --force as the hint.
Attempt<void> write_named_file(const std::filesystem::path& file, std::string_view content, mode_t mode, bool replace);

}  // namespace p2p::cli

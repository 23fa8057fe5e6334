// What a source keeps in a file of its own beside the spool: where it began, for as long as no record of it has been
// taken, and what it has met already. The spool's positions come first; these are older.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/error.hpp"

namespace p2p::logs {

/// A JSON object with `positions` (source to position) and `known` (a list of texts). One thread.
class PositionFile {
 public:
  explicit PositionFile(std::filesystem::path path) : path_(std::move(path)) {}

  /// A file that is not there is empty; so is one that does not parse, which is then the error.
  Result<void> load();
  /// Writes it whole if its content differs from what was read or written last. Blocks.
  Result<void> save();

  std::map<std::string, std::string> positions;
  std::set<std::string> known;

 private:
  std::string encode() const;
  std::filesystem::path path_;
  std::string written_;
};

}  // namespace p2p::logs

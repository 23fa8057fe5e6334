#include "logs/sources/log_paths.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "logs/sources/followed_file.hpp"

namespace p2p::logs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFolderEntries = 10'000;

}  // namespace

std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }
std::string name_of(const std::string& path) { return fs::path(path).filename().string(); }

bool is_name_of_rotated(const std::string& name, const std::string& original) {
  return name.size() > original.size() && name.starts_with(original);
}

std::vector<MatchedPath> paths_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());  // now the files of a log stand together, its own name first
  std::vector<MatchedPath> out;
  for (auto first = paths.begin(); first != paths.end();) {
    const std::string log = *first;
    const auto last = std::find_if(first + 1, paths.end(), [&](const std::string& path) {
      return folder_of(path) != folder_of(log) || !is_name_of_rotated(name_of(path), name_of(log));
    });
    out.push_back({log, log});
    std::vector<std::pair<fs::file_time_type, std::string>> rotated;
    std::error_code ignored;
    for (auto path = first + 1; path != last; ++path) rotated.emplace_back(fs::last_write_time(*path, ignored), *path);
    std::sort(rotated.begin(), rotated.end());
    for (auto& [time, path] : rotated) out.push_back({std::move(path), log});
    first = last;
  }
  return out;
}

std::vector<std::string> files_by_age(const std::string& folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code ignored;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (found.size() >= kMaxFolderEntries) break;
    const std::string path = at->path().string();
    if (at->is_regular_file(ignored) && !is_compressed_name(path))
      found.emplace_back(at->last_write_time(ignored), path);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (auto& [time, path] : found) out.push_back(std::move(path));
  return out;
}

}  // namespace p2p::logs

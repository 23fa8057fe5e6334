#include "services/service_folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"

namespace p2p::services {
namespace {

namespace fs = std::filesystem;

Result<void> check_trusted(const fs::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return system_error(errno, path.string());
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    return Error(Errc::not_permitted, fmt::format("{}: belongs to user {}, who is neither root nor the node's user",
                                                  path.string(), facts.st_uid));
  }
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error(Errc::not_permitted, fmt::format("{}: writable by others (mode {:04o}); run: chmod go-w {}",
                                                  path.string(), facts.st_mode & 07777U, path.string()));
  }
  return {};
}

/// What the program is reached through: who may put another in its place could run it as the node's user. Outside the
/// service's folder a group that may write is the administrator's choice, as `/usr/local` of group staff is.
Result<void> check_way_to(const fs::path& program, const fs::path& folder) {
  std::error_code failure;
  const fs::path real = fs::canonical(program, failure);
  if (failure) return Error(failure, program.string());
  const fs::path inside = fs::canonical(folder, failure);
  for (fs::path parent = real.parent_path();; parent = parent.parent_path()) {
    const auto [end, rest] = std::mismatch(inside.begin(), inside.end(), parent.begin(), parent.end());
    if (end == inside.end()) {
      if (auto trusted = check_trusted(parent); !trusted) return trusted;
    } else {
      struct stat facts {};
      if (::stat(parent.c_str(), &facts) != 0) return system_error(errno, parent.string());
      const bool owned = facts.st_uid == 0 || facts.st_uid == ::geteuid();
      const bool open_to_all = (facts.st_mode & S_IWOTH) != 0 && (facts.st_mode & S_ISVTX) == 0;
      if (!owned || open_to_all)
        return Error(Errc::not_permitted,
                     fmt::format("{}: others may replace what is in it, so nothing there is run", parent.string()));
    }
    if (parent == parent.root_path()) return {};
  }
}

bool is_executable_file(const fs::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

Result<fs::path> find_program(const fs::path& folder, const std::string& name) {
  if (name.find('/') != std::string::npos) {
    fs::path program = fs::path(name).is_absolute() ? fs::path(name) : (folder / name).lexically_normal();
    if (::access(program.c_str(), F_OK) != 0) return system_error(errno, program.string());
    if (is_executable_file(program)) return program;
    return Error(Errc::not_permitted,
                 fmt::format("{}: not executable; run: chmod +x {}", program.string(), program.string()));
  }
  for (const std::string& part : split(kServicePath, ':')) {
    if (is_executable_file(fs::path(part) / name)) return fs::path(part) / name;
  }
  return Error(Errc::not_found, fmt::format("program \"{}\" is not in {}; one in the folder is written ./{}",
                                            escape_controls(name), kServicePath, escape_controls(name)));
}

/// Files of the folder that the command names: the program itself, or the script that an interpreter is given.
std::vector<fs::path> named_files(const std::vector<std::string>& command, const fs::path& folder) {
  std::vector<fs::path> out;
  for (const std::string& argument : command) {
    if (argument.empty()) continue;
    const fs::path path = (folder / argument).lexically_normal();
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) out.push_back(path);
  }
  return out;
}

std::string file_facts(const fs::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return fmt::format("{} -\n", path.string());
  return fmt::format("{} {} {} {} {}.{} {}.{} {:o} {}\n", path.string(), facts.st_dev, facts.st_ino, facts.st_size,
                     facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec,
                     facts.st_mode, facts.st_uid);
}

}  // namespace

Result<Manifest> read_manifest(const fs::path& folder) {
  const fs::path file = folder / kManifestName;
  for (const fs::path& path : {folder, file}) {
    if (auto trusted = check_trusted(path); !trusted) return trusted.error();
  }
  auto text = read_file(file, kMaxManifestBytes);
  if (!text) return text.error();
  return parse_manifest(*text, file.string());
}

Result<ServiceFolder> load_service_folder(const fs::path& folder, Manifest manifest) {
  auto program = find_program(folder, manifest.command.front());
  if (!program) return program.error();
  auto files = named_files(manifest.command, folder);
  files.push_back(*program);
  for (const fs::path& path : files) {
    if (auto trusted = check_trusted(path); !trusted) return trusted.error();
    if (auto trusted = check_way_to(path, folder); !trusted) return trusted.error();
  }
  return ServiceFolder{std::move(manifest), folder, std::move(*program)};
}

std::string manifest_version(const fs::path& folder) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) return "-";
  return fmt::format("{} {} {:o} {}\n", facts.st_dev, facts.st_ino, facts.st_mode, facts.st_uid) +
         file_facts(folder / kManifestName);
}

std::string program_version(const fs::path& folder, const std::vector<std::string>& command) {
  std::string out;
  for (const fs::path& path : named_files(command, folder)) out += file_facts(path);
  if (command.empty()) return out;
  if (const auto program = find_program(folder, command.front())) out += file_facts(*program);
  return out;
}

bool holds_manifest(const fs::path& folder) {
  std::error_code failure;
  return fs::exists(folder / kManifestName, failure);
}

Result<std::vector<fs::path>> find_folders(const fs::path& directory) {
  std::vector<fs::path> out;
  if (::access(directory.c_str(), F_OK) != 0) return out;
  if (auto trusted = check_trusted(directory); !trusted) return trusted.error();
  std::error_code failure;
  for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end; entry.increment(failure)) {
    if (entry->is_directory(failure)) out.push_back(fs::absolute(entry->path()));
    failure.clear();
  }
  if (failure) return Error(failure, directory.string());
  if (out.size() > kMaxServices) {
    return Error(Errc::too_large, fmt::format("{}: holds more than {} folders", directory.string(), kMaxServices));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace p2p::services

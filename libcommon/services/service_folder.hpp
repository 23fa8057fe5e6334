// Services on disk: a folder each, with `service.yaml` and a program. What others could change is refused, as it runs
// with the node's rights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "services/manifest.hpp"

namespace p2p::services {

inline constexpr char kManifestName[] = "service.yaml";
inline constexpr std::size_t kMaxServices = 256;
/// Where the programs of services are looked for, and their PATH.
inline constexpr char kServicePath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct ServiceFolder {
  Manifest manifest;
  std::filesystem::path folder;   ///< absolute
  std::filesystem::path program;  ///< absolute; exists and is executable
};

/// `not_permitted` when the folder or the manifest is writable by group or others or belongs to somebody else than this
/// user or root; `invalid` for a flaw of the manifest.
Result<Manifest> read_manifest(const std::filesystem::path& folder);
/// Finds the program of the manifest that was read there: `not_found` when it is missing, `not_permitted` as above for
/// it and for a script among the arguments.
Result<ServiceFolder> load_service_folder(const std::filesystem::path& folder, Manifest manifest);

/// Whose folder it is, and the manifest as a file; equal texts mean that reading it again gives the same. Files that
/// come, change or go beside the manifest do not matter: programs work in their folder.
std::string manifest_version(const std::filesystem::path& folder);
/// The same of the program and the files among its arguments, for loading. Opens nothing.
std::string program_version(const std::filesystem::path& folder, const std::vector<std::string>& command);

/// The folders of `directory`, sorted; none when it does not exist.
Result<std::vector<std::filesystem::path>> find_folders(const std::filesystem::path& directory);
/// Such a folder is a service, good or bad.
bool holds_manifest(const std::filesystem::path& folder);

}  // namespace p2p::services

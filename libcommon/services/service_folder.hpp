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

/// `not_permitted` when the folder, the manifest, the program or a script among the arguments is writable by group or
/// others or belongs to somebody else than this user or root; `not_found` when the program is missing; `invalid` for a
/// flaw of the manifest.
Result<ServiceFolder> load_service_folder(const std::filesystem::path& folder);

/// What changes when the manifest or a file that it names does; equal texts mean that loading again gives the same.
std::string fingerprint(const std::filesystem::path& folder);

/// The folders of `directory`, sorted; none when it does not exist.
Result<std::vector<std::filesystem::path>> find_folders(const std::filesystem::path& directory);
/// Such a folder is a service, good or bad.
bool holds_manifest(const std::filesystem::path& folder);

}  // namespace p2p::services

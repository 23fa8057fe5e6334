#include "config/home.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "config/yaml_reader.hpp"

namespace p2p::config {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::pair<std::string, std::string>> environment() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!text.starts_with("P2P_")) continue;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace

Result<fs::path> find_home(const std::string& flag) {
  std::string home = flag;
  if (home.empty()) home = variable("P2P_HOME");
  if (home.empty()) {
    const std::string user_home = variable("HOME");
    if (user_home.empty()) return Error(Errc::invalid, "no home folder: give --home, or set P2P_HOME or HOME");
    home = user_home + "/.p2p";
  }
  std::error_code failed;
  const fs::path absolute = fs::absolute(home, failed);
  if (failed) return Error(Errc::invalid, home + ": " + failed.message());
  return absolute.lexically_normal();
}

Result<Sources> gather_sources(const Paths& paths, const std::string& config_flag, std::vector<std::string> settings) {
  Sources out;
  out.settings = std::move(settings);
  out.environment = environment();
  const fs::path file = config_flag.empty() ? paths.default_config() : fs::path(config_flag);
  auto text = read_file(file, kMaxConfigBytes);
  if (text) {
    out.file_text = std::move(*text);
    out.file_name = file.string();
  } else if (!config_flag.empty() || text.error().kind() != Errc::not_found) {
    return text.error();
  }
  const auto files = files_in(paths.certs());
  if (!files) return files.error();
  for (const auto& file : *files) out.certificate_files.push_back(file.filename().string());
  return out;
}

}  // namespace p2p::config

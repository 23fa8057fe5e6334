#include "joining_files.hpp"

#include <array>
#include <utility>

#include "base/file.hpp"
#include "crypto/digest.hpp"

namespace p2p::node {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kJoiningSuffix = ".joining";
constexpr std::size_t kKidDigits = 16;

/// The certificate last, see JoiningFiles::put_in_place.
std::array<const fs::path*, 4> in_order(const JoinPlaces& files) {
  return {&files.own.key, &files.ca_certificate, &files.account_key, &files.own.certificate};
}

void remove_leftovers(const fs::path& place) {
  const std::string prefix = place.filename().string() + ".";
  const auto files = files_in(place.parent_path());
  if (!files) return;  // they are in nobody's way
  for (const auto& file : *files) {
    const std::string name = file.filename().string();
    if (name.starts_with(prefix) && name.ends_with(kJoiningSuffix)) (void)remove_file(file);
  }
}

}  // namespace

JoiningFiles::JoiningFiles(JoinPlaces places, const std::string& kid, bool replace) : places_(std::move(places)) {
  const std::string suffix = "." + to_hex(crypto::sha256(as_bytes(kid))).substr(0, kKidDigits);
  const auto beside = [&](const fs::path& path) {
    return fs::path(path.string() + suffix + std::string(kJoiningSuffix));
  };
  const auto unless_there = [&](const fs::path& path) { return !replace && file_exists(path) ? path : beside(path); };
  beside_ = {{beside(places_.own.certificate), unless_there(places_.own.key)},
             beside(places_.ca_certificate),
             unless_there(places_.account_key)};
}

bool JoiningFiles::are_complete() const { return file_exists(beside_.own.certificate); }

Result<void> JoiningFiles::put_in_place(const fs::path& file, const std::optional<std::string>& configuration) const {
  if (configuration) {
    if (auto written = write_file(file, *configuration, kPublicMode); !written) return written;
  }
  const auto from = in_order(beside_);
  const auto to = in_order(places_);
  for (std::size_t i = 0; i < from.size(); ++i) {
    // What an earlier try has moved is in its place.
    if (*from[i] == *to[i] || !file_exists(*from[i])) continue;
    if (auto moved = move_file(*from[i], *to[i]); !moved) return moved;
  }
  for (const auto* place : to) remove_leftovers(*place);
  return {};
}

void JoiningFiles::drop() const {
  const auto from = in_order(beside_);
  const auto to = in_order(places_);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (*from[i] != *to[i]) (void)remove_file(*from[i]);  // it is in nobody's way
  }
}

}  // namespace p2p::node

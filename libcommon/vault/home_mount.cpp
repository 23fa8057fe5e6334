#include "vault/home_mount.hpp"

#include <algorithm>
#include <cerrno>

#include "vault/entry_name.hpp"

namespace p2p::vault {

namespace fs = std::filesystem;

bool HomeMount::Version::operator==(const Version& other) const noexcept {
  return device == other.device && inode == other.inode && written.tv_sec == other.written.tv_sec &&
         written.tv_nsec == other.written.tv_nsec && size_bytes == other.size_bytes;
}

std::string HomeMount::name_of(const fs::path& path) const {
  // By whatever way it was named: relative, or through a link to home.
  std::error_code ignored;
  const fs::path whole = fs::absolute(path, ignored).lexically_normal();
  const fs::path folder = fs::weakly_canonical(whole.parent_path(), ignored);
  const auto below = [](const fs::path& place, const fs::path& home) {
    return place.lexically_relative(home).generic_string();
  };
  auto name = below(ignored ? whole : folder / whole.filename(), home_);
  // A folder of home that is a link to elsewhere: what is named as in home belongs to its vault all the same.
  if (name.starts_with("..")) name = below(whole, named_home_);
  if (name.starts_with("..")) name = below(whole, home_);
  return name;
}

void HomeMount::cover(const fs::path& folder) {
  const std::string name = name_of(folder);
  if (check_entry_name(name)) folders_.push_back(name);
}

bool HomeMount::covers(const fs::path& path) const {
  const std::string name = name_of(path);
  return std::any_of(folders_.begin(), folders_.end(), [&](std::string_view folder) {
    return name.starts_with(folder) && (name.size() == folder.size() || name[folder.size()] == '/');
  });
}

/// Which vault it is, for a sentence that speaks of another file.
Error HomeMount::named(const Error& error) const {
  const std::string vault = storage_.file().path().string();
  return error.context.starts_with(vault) ? error : Error(error.code, vault + ": " + error.context);
}

Result<HomeMount::Version> HomeMount::version() const {
  struct stat facts {};
  if (::stat(storage_.file().path().c_str(), &facts) != 0) return system_error(errno, storage_.file().path().string());
  return Version{facts.st_dev, facts.st_ino, facts.st_mtim, facts.st_size};
}

Result<std::shared_ptr<const HomeMount::Names>> HomeMount::names() {
  const auto now = version();
  if (!now) return now.error();
  {
    const std::scoped_lock held(mutex_);
    if (names_ && seen_ == *now) return names_;
  }
  auto listed = storage_.names();
  if (!listed) return named(listed.error());
  auto out = std::make_shared<const Names>(listed->begin(), listed->end());
  const std::scoped_lock held(mutex_);
  // What was replaced meanwhile is looked at again by the next call, as the version is that of before.
  seen_ = *now;
  names_ = out;
  return out;
}

Result<bool> HomeMount::has(const fs::path& path) {
  const auto all = names();
  if (!all) return all.error();
  return (*all)->contains(name_of(path));
}

Result<std::string> HomeMount::read(const fs::path& path, std::size_t max_bytes) {
  const auto is_there = has(path);
  if (!is_there) return is_there.error();
  if (!*is_there) return Error(Errc::not_found, path.string());
  const auto content = storage_.read(name_of(path), max_bytes);
  if (!content) return named(content.error());
  return std::string(as_text(content->view()));
}

Result<void> HomeMount::write(std::span<const NewFile> files, bool replace) {
  std::vector<Change> changes;
  for (const auto& file : files) {
    changes.push_back({name_of(file.path), crypto::SecretBuffer::copy_of(as_bytes(file.content))});
  }
  const auto are_new = [&](const Contents& contents) -> Result<void> {
    for (const auto& file : files) {
      if (contents.find(name_of(file.path)) != nullptr) return system_error(EEXIST, file.path.string());
    }
    return {};
  };
  const auto written = replace ? storage_.write(std::move(changes)) : storage_.write(std::move(changes), are_new);
  return written || written.error().kind() == Errc::exists ? written : named(written.error());
}

Result<void> HomeMount::remove(const fs::path& path) {
  const auto is_there = has(path);
  if (!is_there) return is_there.error();
  if (!*is_there) return {};
  std::vector<Change> changes;
  changes.push_back({name_of(path), std::nullopt});
  const auto removed = storage_.write(std::move(changes));
  return removed ? removed : named(removed.error());
}

Result<void> HomeMount::move(const fs::path& from, const fs::path& to) {
  const auto moved = storage_.rename(name_of(from), name_of(to));
  return moved ? moved : named(moved.error());
}

Result<std::vector<fs::path>> HomeMount::list(const fs::path& folder) {
  const auto all = names();
  if (!all) return all.error();
  const std::string prefix = name_of(folder) + "/";
  std::vector<fs::path> out;
  for (const auto& name : **all) {
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) out.push_back(home_ / name);
  }
  return out;
}

fs::file_time_type HomeMount::written_at() const {
  std::error_code absent;
  return fs::last_write_time(storage_.file().path(), absent);
}

}  // namespace p2p::vault

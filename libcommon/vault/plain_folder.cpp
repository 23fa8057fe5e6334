#include "vault/plain_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "vault/entry_name.hpp"
#include "vault/limits.hpp"

namespace p2p::vault {
namespace {

namespace fs = std::filesystem;

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct FolderCloser {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

/// `certs/sub/a.pem`: `certs/sub` and `a.pem`.
struct SplitName {
  std::string_view folder;
  std::string last;
};

SplitName split_name(std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) return {{}, std::string(name)};
  return {name.substr(0, slash), std::string(name.substr(slash + 1))};
}

bool is_same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

/// The names in an open folder, without hidden ones.
Result<std::vector<std::string>> names_in(Descriptor folder) {
  const std::unique_ptr<DIR, FolderCloser> each(::fdopendir(folder.get()));
  if (!each) return system_error(errno, "cannot list");
  (void)folder.release();
  std::vector<std::string> out;
  errno = 0;
  while (const dirent* entry = ::readdir(each.get())) {
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  }
  if (errno != 0) return system_error(errno, "cannot list");
  return out;
}

}  // namespace

Result<PlainFolder> PlainFolder::open(const fs::path& path) {
  Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return system_error(errno, path.string());
  return PlainFolder(path, std::move(root));
}

Error PlainFolder::failed(int errno_value, std::string_view name) const {
  return system_error(errno_value, (path_ / name).string());
}

Result<Descriptor> PlainFolder::folder(std::string_view name) const {
  Descriptor out(::openat(root_.get(), ".", kFolder));
  if (!out) return failed(errno, {});
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const std::string part(name.substr(at, end - at));
    out = Descriptor(::openat(out.get(), part.c_str(), kFolder));
    if (!out) return failed(errno, name.substr(0, end));
    at = end + 1;
  }
  return out;
}

Result<std::vector<std::string>> PlainFolder::files(const std::string& below, const Takes& takes) const {
  std::vector<std::string> out;
  std::vector<std::string> to_do{below};
  while (!to_do.empty()) {
    const std::string name = std::move(to_do.back());
    to_do.pop_back();
    auto opened = folder(name);
    // That which is not there, or not any more.
    if (!opened && opened.error().kind() == Errc::not_found) continue;
    if (!opened) return opened.error();
    const Descriptor here(::dup(opened->get()));
    const auto names = names_in(std::move(*opened));
    if (!names) return Error(names.error().code, (path_ / name).string() + ": " + names.error().context);
    for (const auto& last : *names) {
      const std::string child = name.empty() ? last : name + "/" + last;
      struct stat facts {};
      if (::fstatat(here.get(), last.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        return failed(errno, child);
      }
      const bool is_folder = S_ISDIR(facts.st_mode);
      if (is_folder && child.size() <= kMaxNameBytes) to_do.push_back(child);
      if (is_folder ? child.size() <= kMaxNameBytes : !S_ISREG(facts.st_mode)) continue;
      if (!takes(child)) continue;
      if (auto checked = check_entry_name(child); !checked) return checked.error();
      out.push_back(child);
      if (out.size() > kMaxEntryCount) {
        return Error(Errc::too_large, fmt::format("{}: more than {} files", path_.string(), kMaxEntryCount));
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<OpenFile> PlainFolder::file(const std::string& name) const {
  const auto [parent, last] = split_name(name);
  const auto in = folder(parent);
  if (!in) return in.error();
  OpenFile out{Descriptor(::openat(in->get(), last.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)), 0};
  if (!out.descriptor) return failed(errno, name);
  struct stat facts {};
  if (::fstat(out.descriptor.get(), &facts) != 0) return failed(errno, name);
  if (!S_ISREG(facts.st_mode)) return Error(Errc::invalid, (path_ / name).string() + ": not a regular file");
  out.size_bytes = static_cast<std::uint64_t>(facts.st_size);
  return out;
}

Result<crypto::SecretBuffer> PlainFolder::read(const std::string& name, std::size_t max_bytes) const {
  const auto opened = file(name);
  if (!opened) return opened.error();
  return read_to_end(*opened, path_ / name, max_bytes);
}

Result<bool> PlainFolder::remove(const std::string& name, ByteView content) const {
  const auto opened = file(name);
  if (!opened) return opened.error();
  const auto present = read_to_end(*opened, path_ / name, kMaxContentBytes);
  if (!present) return present.error();
  if (!std::ranges::equal(present->view(), content)) return false;
  const auto [parent, last] = split_name(name);
  const auto in = folder(parent);
  if (!in) return in.error();
  struct stat read_one {};
  struct stat named_one {};
  if (::fstat(opened->descriptor.get(), &read_one) != 0) return failed(errno, name);
  if (::fstatat(in->get(), last.c_str(), &named_one, AT_SYMLINK_NOFOLLOW) != 0) return failed(errno, name);
  if (!is_same_file(read_one, named_one)) return false;
  if (::unlinkat(in->get(), last.c_str(), 0) != 0) return failed(errno, name);
  return true;
}

}  // namespace p2p::vault

// What a vault costs, each figure beside what it is measured against in the same run: a small get and put beside the
// key derivation alone (at most 1.15), a list of 1,000 entries (at most 20 ms), a save of 100 MiB beside AES-256-GCM
// alone, and to the disk beside the slower of that and the bare disk (at least 0.5), the memory of 256 MiB in 10,000
// entries (at most 3 times as much). usage: vault_bench P2P-VAULT [FOLDER]     the tool to run, and where to save to
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>

#include "../unit/temporary_folder.hpp"
#include "base/random.hpp"
#include "crypto/aead.hpp"
#include "vault/sealed_writer.hpp"
#include "vault/vault_file.hpp"

using namespace p2p;
using p2p::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMebibyte = 1 << 20;
constexpr int kDiskRuns = 15;
constexpr std::chrono::sys_seconds kThen{std::chrono::seconds{1'700'000'000}};
const crypto::Secret kPassword(std::string_view("a password of a benchmark"));

template <class T>
T take(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().context.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double milliseconds_once(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// The best of several runs, in milliseconds: what others do on the machine only adds.
double milliseconds_of(const std::function<void()>& work) {
  constexpr int kRuns = 15;
  std::vector<double> all;
  for (int i = 0; i < kRuns; ++i) all.push_back(milliseconds_once(work));
  return *std::min_element(all.begin(), all.end());
}

void verdict(const char* what, double value, double limit, bool at_least) {
  const bool good = at_least ? value >= limit : value <= limit;
  std::printf("  %-58s %6.2f  (%s %.2f) %s\n", what, value, at_least ? "at least" : "at most", limit,
              good ? "ok" : "MISSED");
}

/// Takes what is written, and keeps nothing of it.
class NowhereDisk final : public Disk {
 public:
  int create(const fs::path&, mode_t) override { return 0; }
  int give_to(int, uid_t, gid_t) override { return 0; }
  int reserve(int, std::uint64_t) override { return 0; }
  int start_sync(int) override { return 0; }
  ssize_t write(int, ByteView bytes) override { return static_cast<ssize_t>(bytes.size()); }
  int sync(int) override { return 0; }
  int close(int) override { return 0; }
  int rename(const fs::path&, const fs::path&) override { return 0; }
  int rename_new(const fs::path&, const fs::path&) override { return 0; }
  int link(const fs::path&, const fs::path&) override { return 0; }
  int unlink(const fs::path&) override { return 0; }
  int sync_folder(const fs::path&) override { return 0; }
};

crypto::SecretBuffer noise(std::size_t size) {
  crypto::SecretBuffer out(size);
  SeededRandom random(1);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const auto word = random.next();
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&word), 8, out.data() + i);
  }
  return out;
}

void fill(vault::Contents& contents, std::size_t count, std::size_t bytes_each) {
  for (std::size_t i = 0; i < count; ++i) {
    take(contents.put("data/" + std::to_string(i), noise(bytes_each), kThen));
  }
}

void run_tool(const std::string& command) {
  if (std::system(command.c_str()) != 0) take<void>(Error(Errc::failed, command));
}

void measure_small(const std::string& tool, const fs::path& folder) {
  const vault::VaultFile file(folder / "small");
  take(file.create({}, kPassword, vault::kDefaultIterations));
  const auto header = take(file.read_header());
  const std::string vault = " --vault " + file.path().string();
  ::setenv("P2P_VAULT_PASSWORD", std::string(kPassword.view()).c_str(), 1);
  const double derivation = milliseconds_of([&] { (void)vault::derive_master(kPassword, header); });
  const double put = milliseconds_of([&] { run_tool("echo x | " + tool + " put -qf - --as a" + vault); });
  const double get = milliseconds_of([&] { run_tool(tool + " get a" + vault + " >/dev/null"); });
  std::printf("a small entry: key derivation %.0f ms, p2p-vault put %.0f ms, get %.0f ms\n", derivation, put, get);
  verdict("put / derivation", put / derivation, 1.15, false);
  verdict("get / derivation", get / derivation, 1.15, false);
}

void measure_list(const std::string& tool, const fs::path& folder) {
  const vault::VaultFile file(folder / "thousand");
  vault::Contents contents;
  fill(contents, 1000, 2048);
  take(file.create(contents, kPassword, vault::kMinIterations));
  const auto header = take(file.read_header());
  const std::string vault = " --vault " + file.path().string() + " >/dev/null";
  const double derivation = milliseconds_of([&] { (void)vault::derive_master(kPassword, header); });
  const double info = milliseconds_of([&] { run_tool(tool + " info" + vault); });
  const double list = milliseconds_of([&] { run_tool(tool + " ls --long" + vault); });
  std::printf("1,000 entries: info %.1f ms, ls %.1f ms over the derivation\n", info, list - derivation);
  verdict("info, ms", info, 20, false);
  verdict("ls less derivation, ms", list - derivation, 20, false);
}

/// What the disk does alone: a file written and synced, `early` in the way in which a vault is.
void write_plainly(const fs::path& path, ByteView text, bool early) {
  constexpr std::size_t kPiece = kMebibyte;
  WholeFile file(path, system_disk());
  take(file.begin(0600));
  if (early) take(file.reserve(text.size()));
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    const auto piece = text.subspan(at, std::min(kPiece, text.size() - at));
    take(early ? file.write_through(piece) : file.write(piece));
  }
  take(file.replace());
}

void measure_save(const fs::path& folder) {
  constexpr std::size_t kSize = 100 * kMebibyte;
  constexpr std::size_t kChunk = 256 * 1024;
  vault::Contents contents;
  const auto text = noise(kSize);
  take(contents.put("large", crypto::SecretBuffer::copy_of(text.view()), kThen));
  const auto keys = take(vault::make_keys(kPassword, vault::kMinIterations));
  Bytes chunk(kChunk);
  const double alone = milliseconds_of([&] {
    crypto::AeadSealer sealer(keys.keys.key, keys.header.nonce, {});
    for (std::size_t at = 0; at < kSize; at += kChunk) sealer.seal(text.view().subspan(at, kChunk), chunk.data());
    (void)sealer.finish();
  });
  NowhereDisk nowhere;
  const auto save_to = [&](Disk& disk) {
    WholeFile whole(folder / "large", disk);
    take(whole.begin(0600));
    take(vault::write_sealed(keys.header, keys.keys, contents, whole));
    take(whole.replace());
  };
  const double sealed = milliseconds_of([&] { save_to(nowhere); });
  // By turns, as what a disk can do changes from one second to the next.
  double saved = std::numeric_limits<double>::max(), plain = saved, best = saved;
  for (int run = 0; run < kDiskRuns; ++run) {
    saved = std::min(saved, milliseconds_once([&] { save_to(system_disk()); }));
    plain = std::min(plain, milliseconds_once([&] { write_plainly(folder / "plain", text.view(), false); }));
    best = std::min(best, milliseconds_once([&] { write_plainly(folder / "plain", text.view(), true); }));
  }
  const auto speed = [&](double ms) { return 100 * 1000 / ms; };
  std::printf(
      "100 MiB: AES-256-GCM alone %.0f MiB/s, a save without the disk %.0f, to %s with sync %.0f;\n"
      "  the bare disk: write and fsync %.0f MiB/s, with room taken and writing begun early %.0f\n",
      speed(alone), speed(sealed), folder.c_str(), speed(saved), speed(plain), speed(best));
  verdict("save without the disk / AES alone", alone / sealed, 0.5, true);
  verdict("save to the disk / the slower of AES and the bare disk", std::max(alone, best) / saved, 0.5, true);
  // A disk that is slower than that by itself is no fault of ours.
  if (alone / best >= 0.5) {
    verdict("save to the disk / AES alone", alone / saved, 0.5, true);
  } else {
    std::printf("  %-58s %6.2f  (the bare disk %.2f)\n", "save to the disk / AES alone", alone / saved, alone / best);
  }
}

/// The most memory that a process of its own has had.
double peak_mebibytes(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child || status != 0) take<void>(Error(Errc::failed, "a child failed"));
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void measure_memory(const fs::path& folder) {
  constexpr double kSize = 256;
  const vault::VaultFile file(folder / "many");
  const double made = peak_mebibytes([&] {
    vault::Contents contents;
    fill(contents, 10'000, 256 * kMebibyte / 10'000);
    take(file.create(contents, kPassword, vault::kMinIterations));
  });
  const auto unlock = vault::unlock_with(kPassword);
  const double read = peak_mebibytes([&] { (void)take(file.open(unlock)); });
  const double changed = peak_mebibytes([&] {
    take(file.update(unlock, [](vault::Contents& contents) { return contents.put("new", noise(1000), kThen); }));
  });
  std::printf("256 MiB in 10,000 entries: %.0f MiB to make, %.0f to read, %.0f to change\n", made, read, changed);
  verdict("the most of these / data", std::max({made, read, changed}) / kSize, 3, false);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: vault_bench P2P-VAULT [FOLDER]\n");
    return 2;
  }
  const TemporaryFolder temporary;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : temporary.path();
  measure_memory(folder);
  measure_small(argv[1], folder);
  measure_list(argv[1], folder);
  measure_save(folder);
}

#include "services/service_folder.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "fixture.hpp"

namespace p2p::services {
namespace {

constexpr char kManifest[] = "name: disk\ncommand: [./run.sh]\nmethods: [{name: usage}]\n";

struct ServiceFolderFixture {
  test::TemporaryFolder home;
  std::filesystem::path folder = home.path() / "disk";

  ServiceFolderFixture() {
    home.write("disk/service.yaml", kManifest);
    home.write("disk/run.sh", "#!/bin/sh\n", 0755);
  }
  Errc refusal() { return test::load(folder).error().kind(); }
};

TEST_CASE_FIXTURE(ServiceFolderFixture, "a folder in order is loaded") {
  const ServiceFolder loaded = test::load(folder).value();
  CHECK(loaded.manifest.name == "disk");
  CHECK(loaded.program == folder / "run.sh");
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "what others can write is refused: manifest, program, script, folder") {
  for (const char* name : {"service.yaml", "run.sh", "."}) {
    CAPTURE(name);
    const auto path = folder / name;
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    for (const mode_t extra : {mode_t{020}, mode_t{002}}) {
      ::chmod(path.c_str(), (before.st_mode & 07777) | extra);
      const auto loaded = test::load(folder);
      CHECK(loaded.error().kind() == Errc::not_permitted);
      CHECK(loaded.error().context.find("chmod go-w") != std::string::npos);
    }
    ::chmod(path.c_str(), before.st_mode & 07777);
  }
  home.write("disk/service.yaml", "name: disk\ncommand: [sh, main.sh]\nmethods: [{name: usage}]\n");
  home.write("disk/main.sh", "true\n", 0666);
  CHECK(refusal() == Errc::not_permitted);
  home.write("disk/main.sh", "true\n", 0644);
  CHECK(test::load(folder).value().program.filename() == "sh");
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "a program that others could replace is refused, however it is named") {
  home.write("disk/bin/run.sh", "#!/bin/sh\n", 0755);
  home.write("shared/run.sh", "#!/bin/sh\n", 0755);
  const auto names = [&](const std::string& program) {
    home.write("disk/service.yaml", fmt::format("name: disk\ncommand: [{}]\nmethods: [{{name: usage}}]\n", program));
  };
  ::chmod((folder / "bin").c_str(), 0775);
  names("bin/run.sh");
  CHECK(refusal() == Errc::not_permitted);
  ::chmod((folder / "bin").c_str(), 0755);
  CHECK(test::load(folder).value().program == folder / "bin" / "run.sh");
  std::filesystem::create_symlink(home.path() / "shared" / "run.sh", folder / "link.sh");
  const std::string elsewhere = (home.path() / "shared" / "run.sh").string();
  for (const std::string& program : {elsewhere, std::string("./link.sh")}) {
    CAPTURE(program);
    names(program);
    ::chmod((home.path() / "shared").c_str(), 0777);
    CHECK(refusal() == Errc::not_permitted);
    for (const mode_t mode : {mode_t{01777}, mode_t{0775}}) {
      ::chmod((home.path() / "shared").c_str(), mode);
      CHECK(test::load(folder).has_value());
    }
  }
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "what belongs to somebody else is refused") {
  if (::geteuid() != 0) return;
  REQUIRE(::chown((folder / "run.sh").c_str(), 12345, 0) == 0);
  CHECK(refusal() == Errc::not_permitted);
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "a program that is missing or not executable is refused") {
  home.write("disk/run.sh", "", 0644);
  CHECK(test::load(folder).error().context.find("chmod +x") != std::string::npos);
  std::filesystem::remove(folder / "run.sh");
  CHECK(refusal() == Errc::not_found);
  home.write("disk/service.yaml", "name: disk\ncommand: [no-such-program]\nmethods: [{name: usage}]\n");
  CHECK(refusal() == Errc::not_found);
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "a flaw of the manifest is named with its file and place") {
  const auto file = home.write("disk/service.yaml", "name: disk\nmethod: []\n");
  const Error error = test::load(folder).error();
  CHECK(error.kind() == Errc::invalid);
  CHECK(error.context.find(fmt::format("{}:2:1: method: ", file.string())) == 0);
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "the version changes with manifest, program, script and rights") {
  const std::vector<std::string> command{"./run.sh", "main.sh", "absent"};
  const auto version = [&] { return manifest_version(folder) + program_version(folder, command); };
  std::set<std::string> seen{version()};
  const auto is_new = [&] { return seen.insert(version()).second; };
  CHECK_FALSE(is_new());
  home.write("disk/run.sh", "#!/bin/sh\necho 1\n", 0755);
  CHECK(is_new());
  ::chmod((folder / "run.sh").c_str(), 0775);
  CHECK(is_new());
  home.write("disk/main.sh", "true\n");
  CHECK(is_new());
  home.write("disk/service.yaml", std::string(kManifest) + "#\n");
  CHECK(is_new());
  ::chmod(folder.c_str(), 0775);
  CHECK(is_new());
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "files beside the manifest and the program are the program's own") {
  const auto version = [&] { return manifest_version(folder) + program_version(folder, {"./run.sh"}); };
  const std::string before = version();
  const auto file = home.write("disk/state.tmp", "1");
  CHECK(version() == before);
  std::filesystem::rename(file, folder / "state");
  CHECK(version() == before);
  std::filesystem::remove(folder / "state");
  CHECK(version() == before);
}

TEST_CASE_FIXTURE(ServiceFolderFixture, "only folders with a manifest are services") {
  home.write("notes/readme.txt", "");
  home.write("stray.yaml", "");
  CHECK(find_folders(home.path()).value() == std::vector{folder, home.path() / "notes"});
  CHECK(holds_manifest(folder));
  CHECK_FALSE(holds_manifest(home.path() / "notes"));
  CHECK(find_folders(home.path() / "absent").value().empty());
  ::chmod(home.path().c_str(), 0777);
  CHECK(find_folders(home.path()).error().kind() == Errc::not_permitted);
}

}  // namespace
}  // namespace p2p::services

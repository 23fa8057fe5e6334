#include "base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace p2p;

TEST_CASE("a failed system call keeps its errno, its reason and its kind") {
  const Error error = system_error(ENOENT, "certs/a.pem");
  CHECK(error.code.value() == ENOENT);
  CHECK(error.context == "certs/a.pem: No such file or directory");
  CHECK(error.kind() == Errc::not_found);
  CHECK(system_error(EACCES, "x").kind() == Errc::not_permitted);
  CHECK(system_error(ECONNREFUSED, "x").kind() == Errc::unreachable);
  CHECK(system_error(ETIMEDOUT, "x").kind() == Errc::timeout);
  CHECK(system_error(ENOSPC, "x").kind() == Errc::limited);  // as a full database
  CHECK(system_error(EIO, "x").kind() == Errc::failed);
}

TEST_CASE("kinds become the exit codes that the manual promises") {
  const std::pair<Errc, int> promised[] = {{Errc::failed, 1},        {Errc::invalid, 2},    {Errc::unreachable, 3},
                                           {Errc::not_permitted, 4}, {Errc::not_found, 5},  {Errc::timeout, 6},
                                           {Errc::limited, 7},       {Errc::partial, 8},    {Errc::damaged, 9},
                                           {Errc::exists, 1},        {Errc::cancelled, 130}};
  for (const auto& [kind, code] : promised) CHECK(exit_code_of(kind) == code);
}

TEST_CASE("an error without a known category is a plain failure") {
  CHECK(Error(Errc::limited, "queue").kind() == Errc::limited);
  CHECK(Error().kind() == Errc::failed);
}

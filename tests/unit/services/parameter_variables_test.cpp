#include "services/parameter_variables.hpp"

#include <doctest/doctest.h>

namespace p2p::services {
namespace {

using Variables = std::vector<std::string>;

TEST_CASE("scalars become variables, spelt as they were sent") {
  CHECK(parameter_variables(
            R"({"path":"/a b\n","max-depth":12345678901234567890123,"ratio":1.50,"all":true,"none":null,"list":[1]})")
            .value()
            .set == Variables{"P2P_PARAM_PATH=/a b\n", "P2P_PARAM_MAX_DEPTH=12345678901234567890123",
                              "P2P_PARAM_RATIO=1.50", "P2P_PARAM_ALL=true"});
  CHECK(parameter_variables("[1,2]").value().set.empty());
  CHECK(parameter_variables("{}").value().set.empty());
}

TEST_CASE("no name or value that a shell could trip over gets through") {
  CHECK(parameter_variables(R"x({"PATH":"x","a=b":"x","a b":"x","":"x","é":"x","a\u0000":"x","x;y":"x","$(x)":"x"})x")
            .value()
            .set.empty());
}

TEST_CASE("what fits into no variable is named") {
  const auto with_nul = parameter_variables(R"({"a":"x\u0000y","b-c":1,"list":[1]})").value();
  CHECK(with_nul.set == Variables{"P2P_PARAM_B_C=1"});
  CHECK(with_nul.left_out == Variables{"P2P_PARAM_A"});

  // execve(2): a string has at most 131,072 bytes, its NUL included.
  const std::string name = "P2P_PARAM_A=";
  const auto of_size = [](std::size_t bytes) { return "{\"a\":\"" + std::string(bytes, 'x') + "\"}"; };
  const auto longest = parameter_variables(of_size(131'071 - name.size())).value();
  REQUIRE(longest.set.size() == 1);
  CHECK(longest.set.front().size() == 131'071);
  CHECK(longest.left_out.empty());
  const auto longer = parameter_variables(of_size(131'072 - name.size())).value();
  CHECK(longer.set.empty());
  CHECK(longer.left_out == Variables{"P2P_PARAM_A"});

  std::string many;
  for (int i = 0; i < 8; ++i)
    many += (i == 0 ? "{\"a" : ",\"a") + std::to_string(i) + "\":\"" + std::string(100'000, 'x') + "\"";
  const auto together = parameter_variables(many + "}").value();
  CHECK(together.set.size() == 5);
  CHECK(together.left_out == Variables{"P2P_PARAM_A5", "P2P_PARAM_A6", "P2P_PARAM_A7"});
}

TEST_CASE("two parameters with one name are refused") {
  CHECK(parameter_variables(R"({"a-b":1,"a_b":2})").error().kind() == Errc::invalid);
  CHECK(parameter_variables(R"({"a":1,"a":2})").error().kind() == Errc::invalid);
}

}  // namespace
}  // namespace p2p::services

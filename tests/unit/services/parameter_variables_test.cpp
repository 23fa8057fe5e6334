#include "services/parameter_variables.hpp"

#include <doctest/doctest.h>

namespace p2p::services {
namespace {

using Variables = std::vector<std::string>;

TEST_CASE("scalars become variables, spelt as they were sent") {
  CHECK(parameter_variables(
            R"({"path":"/a b\n","max-depth":12345678901234567890123,"ratio":1.50,"all":true,"none":null,"list":[1]})")
            .value() == Variables{"P2P_PARAM_PATH=/a b\n", "P2P_PARAM_MAX_DEPTH=12345678901234567890123",
                                  "P2P_PARAM_RATIO=1.50", "P2P_PARAM_ALL=true"});
  CHECK(parameter_variables("[1,2]").value().empty());
  CHECK(parameter_variables("{}").value().empty());
}

TEST_CASE("no name or value that a shell could trip over gets through") {
  CHECK(parameter_variables(R"x({"PATH":"x","a=b":"x","a b":"x","":"x","é":"x","a\u0000":"x","x;y":"x","$(x)":"x"})x")
            .value()
            .empty());
  CHECK(parameter_variables(R"({"a":"x\u0000y"})").value().empty());
  CHECK(parameter_variables("{\"a\":\"" + std::string(20'000, 'x') + "\"}").value().empty());
}

TEST_CASE("two parameters with one name are refused") {
  CHECK(parameter_variables(R"({"a-b":1,"a_b":2})").error().kind() == Errc::invalid);
  CHECK(parameter_variables(R"({"a":1,"a":2})").error().kind() == Errc::invalid);
}

}  // namespace
}  // namespace p2p::services

#include "net/loops.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>

using namespace p2p::net;
namespace asio = boost::asio;

TEST_CASE("each loop knows its index, its thread and its own object") {
  Loops loops(2);
  int made = 0;
  const LoopLocal<int> local(loops, [&](asio::io_context&) { return std::make_unique<int>(made++); });
  CHECK(made == 3);
  loops.start();
  std::thread control([&] { loops.run(); });
  const auto all = loops.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto ask = [&] {
      CHECK(local.here() == static_cast<int>(i));
      CHECK(current_loop_index() == i);
      char name[16] = "";
      pthread_getname_np(pthread_self(), name, sizeof name);
      if (i > 0) CHECK(std::string(name) == "p2p-session-" + std::to_string(i - 1));
    };
    asio::post(*all[i], asio::use_future(ask)).get();
  }
  CHECK_FALSE(current_loop_index().has_value());
  CHECK_THROWS(local.here());
  loops.stop();
  control.join();
}

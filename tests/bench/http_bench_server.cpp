// The network layer alone, for http_bench.sh: `/health` and an echo of the body at `/rpc`, on one session loop over
// TLS. usage: http_bench_server CERT KEY CA; prints the port, ends at the end of stdin.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>

#include "base/file.hpp"
#include "net/loops.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"

using namespace p2p;
using namespace p2p::net;
namespace asio = boost::asio;

namespace {

asio::awaitable<Response> health(Request&) {
  co_return Response::json(R"({"status":"ok","node_id":"bench","role":"worker","uptime":1,"version":"0.1.0"})");
}

/// What a call costs before and after JSON-RPC; that part is measured on a node.
asio::awaitable<Response> echo(Request& request) { co_return Response::json(std::move(request.body)); }

Route route(Method method, const char* path, Handler handler) {
  Route out;
  out.method = method;
  out.pattern = path;
  out.permission = auth::Permission::open;
  out.handler = std::move(handler);
  return out;
}

std::string content(const char* path) { return read_file(path, 1 << 20).value(); }

asio::awaitable<void> wait_for_end(Loops& loops, Server& server) {
  asio::posix::stream_descriptor in(loops.control(), ::dup(0));
  boost::system::error_code ended;
  char byte = 0;
  while (!ended) {
    co_await in.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, ended));
  }
  co_await server.stop(std::chrono::seconds(1));
  loops.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  TlsMaterial material;
  material.certificate = content(argv[1]);
  material.private_key = content(argv[2]);
  material.ca = content(argv[3]);
  const auto tls = TlsContexts::make(material);
  if (!tls) {
    std::fprintf(stderr, "%s\n", tls.error().context.c_str());
    return 1;
  }
  Router router;
  router.add(route(Method::get, "/health", health));
  router.add(route(Method::post, "/rpc", echo));
  Loops loops(1);
  NullLogSink log;
  ServerOptions options;
  options.bind_address = "127.0.0.1";
  Server server(loops.sessions(), std::move(router), tls->get(), std::move(options), log);
  const auto port = server.start();
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().context.c_str());
    return 1;
  }
  loops.start();
  std::printf("%u\n", *port);
  std::fflush(stdout);
  asio::co_spawn(loops.control(), wait_for_end(loops, server), asio::detached);
  loops.run();
  return 0;
}

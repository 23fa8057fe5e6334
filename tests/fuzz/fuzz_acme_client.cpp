// Everything that the ACME client reads from a server. The first byte chooses the reader: an answer's body for one of
// them ('d', 'o', 'a', 'r', 'p'), or 's', answers to a whole conversation, separated by NUL: status, nonce, Location
// and Retry-After by line, then the body.
#include <cstdlib>

#include "../unit/acme/support/plain_signer.hpp"
#include "acme/client_order.hpp"
#include "acme/client_session.hpp"
#include "base/text.hpp"
#include "net/url.hpp"

namespace {

using namespace p2p;
using namespace p2p::acme;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::size_t kMaxSteps = 1000;

net::Answer read_answer(std::string_view text) {
  net::Answer out;
  std::string_view lines[4];
  for (auto& line : lines) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.status = static_cast<unsigned>(std::strtoul(std::string(lines[0]).c_str(), nullptr, 10));
  out.headers.add("Replay-Nonce", std::string(lines[1]));
  out.headers.add("Location", std::string(lines[2]));
  out.headers.add("Retry-After", std::string(lines[3]));
  out.body = text;
  return out;
}

void check_request(const ClientRequest& request) {
  const auto url = net::parse_url(request.url);
  if (!url || !url->https) std::abort();
}

void converse(std::string_view input) {
  const test::PlainSigner key;
  ClientAccount account;
  account.directory_url = "https://ca/directory";
  account.key = &key;
  ClientSession session(account);
  OrderMachine order({{{pki::SubjectName::Kind::dns, "a.example"}}, to_bytes("request"), "id"}, key.thumbprint());
  const auto answers = split(input, '\0');
  std::size_t next = 0;
  for (std::size_t step = 0; step < kMaxSteps; ++step) {
    const OrderStep wanted = order.next();
    if (std::holds_alternative<Obtained>(wanted) || std::holds_alternative<ClientFailure>(wanted)) return;
    if (const auto* serve = std::get_if<Serve>(&wanted)) {
      if (serve->token.find('/') != std::string::npos) std::abort();
    }
    const auto* ask = std::get_if<Ask>(&wanted);
    if (ask == nullptr) continue;
    std::optional<ClientResult<net::Answer>> outcome;
    while (!outcome) {
      const auto request = session.next(*ask);
      if (!request || next == answers.size()) return;
      check_request(*request);
      outcome = session.receive(read_answer(answers[next++]), kNow);
    }
    order.receive(*outcome, kNow);
  }
  std::abort();  // the machine did not come to an end
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 'd': (void)read_directory(body); break;
    case 'o': (void)read_order(body); break;
    case 'a':
      if (const auto authorization = read_authorization(body); authorization && authorization->http01) {
        if (authorization->http01->token.find_first_of("/.%\r\n") != std::string::npos) std::abort();
      }
      break;
    case 'r':
      if (const auto info = read_renewal_info(body); info && info->window.end <= info->window.start) std::abort();
      break;
    case 'p': {
      net::Answer answer;
      answer.status = 400;
      answer.body = body;
      if (read_problem(answer).text.find('\n') != std::string::npos) std::abort();
      break;
    }
    case 's': converse(body); break;
    default: break;
  }
  return 0;
}

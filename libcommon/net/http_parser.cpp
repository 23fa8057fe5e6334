#include "net/http_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

namespace p2p::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using ErrorCode = beast::error_code;
using Text = beast::string_view;

// A chunk's size line, and a trailer, must be complete within this.
constexpr std::size_t kMaxChunkLineBytes = 4096;

std::string_view view(Text text) { return {text.data(), text.size()}; }

Error to_error(const ErrorCode& code) {
  if (code == http::error::body_limit) return Error(Errc::too_large, "the body is larger than allowed");
  if (code == http::error::header_limit) return Error(Errc::too_large, "there are too many header fields");
  return Error(Errc::invalid, code.message());
}

/// Collects into what the caller owns. Trailers are read and dropped.
template <bool is_request>
class Collector final : public http::basic_parser<is_request> {
 public:
  Collector(Headers& headers, std::string& body) : headers_(headers), body_(body) {
    this->eager(false);
    this->header_limit(kMaxHeadBytes);
    this->body_limit(boost::none);
  }
  Method method = Method::other;
  std::string target;
  unsigned status = 0;
  bool http11 = true;

 private:
  void on_request_impl(http::verb, Text name, Text text, int version, ErrorCode&) override {
    method = parse_method(view(name));
    target.assign(text.data(), text.size());
    http11 = version == 11;
  }
  void on_response_impl(int code, Text, int version, ErrorCode&) override {
    status = static_cast<unsigned>(code);
    http11 = version == 11;
  }
  void on_field_impl(http::field, Text name, Text value, ErrorCode& error) override {
    if (this->is_header_done()) return;
    if (headers_.size() >= kMaxHeaderFields) {
      error = http::error::header_limit;
      return;
    }
    headers_.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(Text bytes, ErrorCode&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, ErrorCode&) override {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Headers& headers_;
  std::string& body_;
};

/// Gives a whole head to the parser.
template <class Parser>
Result<void> take_head(Parser& parser, std::string_view head) {
  ErrorCode error;
  parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error) return to_error(error);
  if (!parser.is_header_done()) return Error(Errc::invalid, "the head is not HTTP");
  return {};
}

template <class Parser>
Result<std::size_t> take_body(Parser& parser, std::string_view bytes) {
  parser.eager(true);
  ErrorCode error;
  const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) return to_error(error);
  if (error && bytes.size() - used > kMaxChunkLineBytes) return Error(Errc::invalid, "a chunk's size line is too long");
  return used;
}

}  // namespace

struct RequestParser::Impl {
  std::optional<Collector<true>> parser;
};

RequestParser::RequestParser() : impl_(std::make_unique<Impl>()) {}
RequestParser::~RequestParser() = default;

Result<Framing> RequestParser::parse_head(std::string_view head, Request& into) {
  into.headers.clear();
  into.body.clear();
  auto& parser = impl_->parser.emplace(into.headers, into.body);
  if (auto taken = take_head(parser, head); !taken) return taken.error();
  auto framing = read_framing(into.headers, parser.http11);
  if (!framing) return framing;
  if (auto checked = check_host(into.headers, parser.http11); !checked) return checked.error();
  into.method = parser.method;
  if (auto read = read_target(parser.target, into); !read) return read.error();
  keep_alive_ = parser.keep_alive();
  upgrade_ = parser.upgrade();
  return framing;
}

void RequestParser::limit_body(std::size_t max_bytes) { impl_->parser->body_limit(max_bytes); }

Result<std::size_t> RequestParser::parse_body(std::string_view bytes) { return take_body(*impl_->parser, bytes); }

bool RequestParser::done() const { return impl_->parser->is_done(); }

struct ResponseParser::Impl {
  std::optional<Collector<false>> parser;
};

ResponseParser::ResponseParser() : impl_(std::make_unique<Impl>()) {}
ResponseParser::~ResponseParser() = default;

Result<unsigned> ResponseParser::parse_head(std::string_view head, bool answers_head, Headers& headers,
                                            std::string& body) {
  headers.clear();
  body.clear();
  auto& parser = impl_->parser.emplace(headers, body);
  parser.skip(answers_head);
  if (auto taken = take_head(parser, head); !taken) return taken.error();
  const auto framing = read_framing(headers, true);
  if (!framing) return framing.error();
  content_length_ = framing->content_length.value_or(0);
  keep_alive_ = parser.keep_alive();
  return parser.status;
}

void ResponseParser::limit_body(std::size_t max_bytes) { impl_->parser->body_limit(max_bytes); }

Result<std::size_t> ResponseParser::parse_body(std::string_view bytes) { return take_body(*impl_->parser, bytes); }

Result<void> ResponseParser::end() {
  ErrorCode error;
  impl_->parser->put_eof(error);
  if (error) return Error(Errc::damaged, "the connection ended within the response");
  return {};
}

bool ResponseParser::done() const { return impl_->parser->is_done(); }

}  // namespace p2p::net

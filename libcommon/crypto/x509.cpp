#include "crypto/x509.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <ctime>
#include <limits>
#include <new>

namespace p2p::crypto {

Result<std::vector<X509Ptr>> read_certificates(std::string_view pem, std::size_t max_count, const std::string& name) {
  ERR_clear_error();
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error(Errc::too_large, fmt::format("{}: larger than 2 GiB", name));
  }
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return openssl_error(Errc::failed, name);
  std::vector<X509Ptr> out;
  for (;;) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    if (out.size() == max_count) {
      return Error(Errc::too_large, fmt::format("{}: more than {} certificates", name, max_count));
    }
    out.push_back(std::move(certificate));
  }
  const unsigned long last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (out.empty() || !at_end) {
    return openssl_error(Errc::damaged, fmt::format("{}: no certificate can be read", name));
  }
  ERR_clear_error();
  return out;
}

Result<X509Ptr> read_certificate_der(ByteView der) {
  const unsigned char* at = der.data();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) return openssl_error(Errc::damaged, "not a certificate in DER");
  if (at != der.data() + der.size()) return Error(Errc::damaged, "bytes after the certificate");
  return certificate;
}

Result<WallTime> to_wall_time(const ASN1_TIME* time) {
  using namespace std::chrono;
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
    return openssl_error(Errc::damaged, "a date that cannot be read");
  }
  const int y = parts.tm_year + 1900;
  if (y > 2261) return WallTime::max();
  if (y < 1678) return WallTime::min();
  const year_month_day date{year{y}, month{static_cast<unsigned>(parts.tm_mon + 1)},
                            day{static_cast<unsigned>(parts.tm_mday)}};
  return WallTime{sys_days{date}} + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

std::string certificate_pem(const X509& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), &certificate) != 1) throw std::bad_alloc();
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Bytes certificate_der(const X509& certificate) {
  const int size = i2d_X509(&certificate, nullptr);
  if (size <= 0) throw std::bad_alloc();
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* at = out.data();
  i2d_X509(&certificate, &at);
  return out;
}

}  // namespace p2p::crypto

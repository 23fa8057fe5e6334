#include "vault/vault_error.hpp"

namespace p2p::vault {
namespace {

class VaultCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "p2p.vault"; }
  std::string message(int) const override { return "wrong password"; }
  boost::system::error_condition default_error_condition(int) const noexcept override {
    return {static_cast<int>(Errc::not_permitted), p2p_category()};
  }
};

}  // namespace

const boost::system::error_category& vault_category() noexcept {
  static const VaultCategory category;
  return category;
}

boost::system::error_code make_error_code(VaultErrc kind) noexcept {
  return {static_cast<int>(kind), vault_category()};
}

}  // namespace p2p::vault

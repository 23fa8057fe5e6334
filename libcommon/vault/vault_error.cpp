#include "vault/vault_error.hpp"

namespace p2p::vault {
namespace {

class VaultCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "p2p.vault"; }
  std::string message(int value) const override {
    switch (static_cast<VaultErrc>(value)) {
      case VaultErrc::wrong_password: return "wrong password";
      case VaultErrc::no_entry: return "no such entry";
      case VaultErrc::entry_exists: return "the entry already exists";
    }
    return "unknown";
  }
  boost::system::error_condition default_error_condition(int value) const noexcept override {
    return {static_cast<int>(kind_of(static_cast<VaultErrc>(value))), p2p_category()};
  }

 private:
  static Errc kind_of(VaultErrc code) noexcept {
    switch (code) {
      case VaultErrc::wrong_password: return Errc::not_permitted;
      case VaultErrc::no_entry: return Errc::not_found;
      case VaultErrc::entry_exists: return Errc::exists;
    }
    return Errc::failed;
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

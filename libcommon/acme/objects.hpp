// Resources as clients see them (RFC 8555 section 7.1): JSON text. Pure.
#pragma once

#include <span>
#include <string>

#include "acme/order.hpp"
#include "acme/urls.hpp"

namespace p2p::acme {

Json directory_json(const Urls& urls, bool external_account_required);
Json account_json(const Account& account, const Urls& urls);
Json order_json(const Order& order, std::span<const Authorization> authorizations, const Urls& urls, WallTime now);
Json authorization_json(const Authorization& authorization, const Urls& urls, WallTime now);
Json challenge_json(const Authorization& authorization, const Urls& urls);

}  // namespace p2p::acme

// Password hashing: argon2id (RFC 9106) with OWASP's parameters, 19 MiB, 2 passes, 1 lane. About 26 ms of one core:
// called in a blocking pool only. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
#pragma once

#include <string>
#include <string_view>

#include "base/random.hpp"

namespace zl::runtime {

/// The encoded hash ("$argon2id$v=19$m=19456,t=2,p=1$…") under a new salt. Throws std::runtime_error without memory.
std::string hash_password(std::string_view password, base::Random& random);

/// False for a wrong password and for text that is no argon2id hash. Throws std::runtime_error without memory.
bool verify_password(std::string_view encoded, std::string_view password);

/// A hash that no password fits and that takes as long to verify as any: for user names that don't exist.
const std::string& dummy_hash();

}  // namespace zl::runtime

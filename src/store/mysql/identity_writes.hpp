// What signing in by the platform writes: an identity, its user, and the joining of two users of one person.
#pragma once

#include <cstdint>
#include <string_view>

#include "app/platform_login.hpp"
#include "domain/people.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// The user of an identity, as app::IdentityStore::sign_in promises. `new_id` is the user's who may have to be made.
/// Locks the identity, then users by id where two are joined. Refused{in_progress} where another first login of the
/// identity was quicker: to be run again.
base::Outcome<domain::User> bind_identity(Write& write, const app::PlatformIdentity& identity,
                                          const base::UserId& new_id);

/// Deletes identities that were unbound before, oldest first, with all that is kept by an openid of the service
/// account's, and wipes users of whom none is left; then what is kept of strangers who left before. How many went.
/// Locks the identities, then their users, then the rest.
std::uint64_t wipe_identities(Write& write, std::string_view service_appid, base::Instant unbound_before);

}  // namespace zl::mysql

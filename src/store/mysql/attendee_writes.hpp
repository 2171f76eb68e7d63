// What a user changes of their attendees, each in the caller's transaction with its audit row and its row of the change
// feed. Outcomes are those of app::PeopleStore. Locks are taken in one order: the user, the attendee, guardianships.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "app/people_store.hpp"
#include "base/outcome.hpp"
#include "domain/people.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

// Guardianships by the primary key, which gives the order too, and attendees by theirs; locks nothing.
inline constexpr std::string_view select_attendees_of_user =
    "SELECT a.id, a.name, a.birth_date, g.relation, a.notes, a.version FROM guardianships g "
    "JOIN attendees a ON a.id = g.attendee_id WHERE g.user_id = ? ORDER BY g.attendee_id";

std::vector<domain::Attendee> attendees_from(const Rows& rows);

/// Refused{not_found} where it isn't the user's.
base::Outcome<domain::Attendee> find_attendee(Write& write, const base::UserId& user_id, const base::AttendeeId& id);

base::Outcome<domain::Attendee> insert_attendee(Write& write, const base::UserId& user_id,
                                                const domain::Attendee& attendee, const app::Actor& actor);

base::Outcome<domain::Attendee> update_attendee(Write& write, const base::UserId& user_id,
                                                const domain::Attendee& wanted, std::uint64_t expected_version,
                                                const app::Actor& actor);

/// Ends the user's guardianship. An attendee without guardians is kept, marked, for the bookings it held.
base::Outcome<base::Done> remove_attendee(Write& write, const base::UserId& user_id, const base::AttendeeId& id,
                                          const app::Actor& actor);

}  // namespace zl::mysql

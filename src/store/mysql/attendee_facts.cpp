#include "store/mysql/attendee_facts.hpp"

#include <string_view>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Attendees by the primary key, their guardians by index guardianships_attendee.
constexpr std::string_view select_facts =
    "SELECT a.id, a.birth_date, g.user_id FROM attendees a FORCE INDEX (PRIMARY) "
    "LEFT JOIN guardianships g ON g.attendee_id = a.id WHERE a.id IN (?) AND a.deleted = 0 ORDER BY a.id, g.user_id";

}  // namespace

std::unordered_map<base::AttendeeId, app::AttendeeFacts> read_facts(Connection& connection,
                                                                    const std::vector<base::AttendeeId>& ids) {
  std::unordered_map<base::AttendeeId, app::AttendeeFacts> found;
  for (const Row row : connection.query(sql(select_facts, ids))) {
    const auto id = row.id<base::AttendeeId>(0);
    app::AttendeeFacts& facts = found.try_emplace(id, id, row.date(1)).first->second;
    if (const auto guardian = row.maybe_id<base::UserId>(2)) facts.guardians.push_back(*guardian);
  }
  return found;
}

}  // namespace zl::mysql

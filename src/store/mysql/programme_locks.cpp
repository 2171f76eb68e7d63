#include "store/mysql/programme_locks.hpp"

#include <string_view>

#include "domain/booking.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Locks one row by the primary key.
constexpr std::string_view select_epoch_for_update = "SELECT epoch FROM programmes WHERE id = ? FOR UPDATE";

// Index activity_seats_programme, whose entries end in the primary key: rows are locked in the order of activity ids.
constexpr std::string_view select_seats_for_update =
    "SELECT activity_id, seats_taken FROM activity_seats FORCE INDEX (activity_seats_programme) "
    "WHERE programme_id = ? ORDER BY activity_id FOR UPDATE";

// Both touch rows that are locked already; a second run changes nothing.
constexpr std::string_view update_epoch = "UPDATE programmes SET epoch = ? WHERE id = ?";
constexpr std::string_view update_fences =
    "UPDATE activity_seats FORCE INDEX (activity_seats_programme) SET fence = ? WHERE programme_id = ?";

}  // namespace

std::optional<std::uint64_t> lock_programme(Write& write, const base::ProgrammeId& id) {
  const Rows rows = write.query(sql(select_epoch_for_update, id));
  if (rows.empty()) return std::nullopt;
  return rows.front().u64(0);
}

std::vector<LockedSeats> lock_programme_seats(Write& write, const base::ProgrammeId& id) {
  std::vector<LockedSeats> seats;
  for (const Row row : write.query(sql(select_seats_for_update, id))) {
    seats.push_back({row.id<base::ActivityId>(0), row.integer(1)});
  }
  return seats;
}

void fence_programme(Write& write, const base::ProgrammeId& id, std::uint64_t epoch) {
  write.execute(sql(update_epoch, epoch + 1, id));
  write.execute(sql(update_fences, domain::GrantNumber::of(epoch + 1, 0), id));
}

}  // namespace zl::mysql

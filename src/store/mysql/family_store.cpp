#include "store/mysql/family_store.hpp"

#include <string_view>

#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// The user's guardianships and the attendees by primary keys, their bookings by unique index bookings_once. Locks
// nothing.
constexpr std::string_view select_seats =
    "SELECT b.id, a.id, a.name FROM guardianships g JOIN attendees a ON a.id = g.attendee_id AND a.deleted = 0 "
    "JOIN bookings b FORCE INDEX (bookings_once) ON b.party_id = a.id AND b.active = 1 AND b.programme_id = ? "
    "AND b.activity_id = ? WHERE g.user_id = ? ORDER BY a.name, a.id";

class MysqlFamilyStore final : public app::FamilyStore {
 public:
  explicit MysqlFamilyStore(ConnectionPool& pool) : pool_(pool) {}

  boost::asio::awaitable<base::Outcome<std::vector<app::FamilySeat>>> seats_in(base::UserId user,
                                                                               base::ProgrammeId programme,
                                                                               base::ActivityId activity) override {
    return pool_.read([=](Connection& connection) -> base::Outcome<std::vector<app::FamilySeat>> {
      std::vector<app::FamilySeat> seats;
      for (const Row row : connection.query(sql(select_seats, programme, activity, user))) {
        seats.push_back({row.id<base::BookingId>(0), row.id<base::AttendeeId>(1), row.text(2)});
      }
      return seats;
    });
  }

 private:
  ConnectionPool& pool_;
};

}  // namespace

std::unique_ptr<app::FamilyStore> create_family_store(ConnectionPool& pool) {
  return std::make_unique<MysqlFamilyStore>(pool);
}

}  // namespace zl::mysql

#include "store/mysql/booking_ledger.hpp"

#include <unordered_map>
#include <utility>

#include "store/mysql/booking_statements.hpp"
#include "store/mysql/gate_image.hpp"
#include "store/mysql/group_reader.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

// Index bookings_user; a user has few bookings, so sorting them costs nothing. None of these locks.
constexpr std::string_view of_user_first = "WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?";
constexpr std::string_view of_user_next =
    "WHERE user_id = ? AND (created_at < (SELECT created_at FROM bookings WHERE id = ?) OR "
    "(created_at = (SELECT created_at FROM bookings WHERE id = ?) AND id < ?)) ORDER BY created_at DESC, id DESC LIMIT "
    "?";

// Index activity_seats_programme, and the programme and the activities by their primary keys. One statement, so that
// capacity and version are of one moment.
constexpr std::string_view select_seats_taken =
    "SELECT s.activity_id, s.seats_taken, s.capacity, a.version, p.epoch FROM activity_seats s "
    "JOIN activities a ON a.id = s.activity_id JOIN programmes p ON p.id = s.programme_id WHERE s.programme_id = ? "
    "ORDER BY s.activity_id";

std::unordered_map<base::BookingId, domain::Booking> read_bookings(Connection& connection,
                                                                   const std::vector<base::BookingId>& ids) {
  std::unordered_map<base::BookingId, domain::Booking> found;
  for (const Row row : connection.query(select_bookings(sql("FORCE INDEX (PRIMARY) WHERE id IN (?)", ids)))) {
    const domain::Booking booking = booking_row(row);
    found.emplace(booking.id, booking);
  }
  return found;
}

class MysqlBookingLedger final : public app::BookingLedger {
 public:
  MysqlBookingLedger(WriterPool& writers, ConnectionPool& pool)
      : writers_(writers), pool_(pool), bookings_(pool, read_bookings) {}

  std::optional<runtime::CountGuard> take_place(const base::ProgrammeId& programme_id, app::Turn turn) override {
    return writers_.take_place(programme_id, turn);
  }

  boost::asio::awaitable<BookAnswer> book(runtime::CountGuard place, app::LedgerItem item) override {
    return writers_.book(std::move(place), std::move(item));
  }

  boost::asio::awaitable<CancelAnswer> cancel(const base::BookingId& id, const base::ProgrammeId& programme_id,
                                              const app::Actor& actor, base::Instant now) override {
    CancelItem item{id, actor, now};
    const base::ProgrammeId programme = programme_id;
    std::optional<runtime::CountGuard> place = writers_.take_place(programme);
    if (!place) co_return base::Code::overloaded;
    co_return co_await writers_.cancel(*std::move(place), programme, std::move(item));
  }

  boost::asio::awaitable<base::Outcome<std::optional<domain::Booking>>> find(const base::BookingId& id) override {
    return bookings_.read(id);
  }

  boost::asio::awaitable<base::Outcome<app::BookingPage>> of_user(const base::UserId& user_id,
                                                                  std::optional<base::BookingId> after,
                                                                  std::size_t limit) override {
    return pool_.read([user_id, after, limit](Connection& connection) -> base::Outcome<app::BookingPage> {
      const std::string condition = after ? sql(of_user_next, user_id, *after, *after, *after, limit + 1)
                                          : sql(of_user_first, user_id, limit + 1);
      app::BookingPage page;
      for (const Row row : connection.query(select_bookings(condition))) {
        if (page.items.size() == limit) {
          page.more = true;
          break;
        }
        page.items.push_back(booking_row(row));
      }
      return page;
    });
  }

  boost::asio::awaitable<base::Outcome<std::vector<app::FencedHold>>> fence(
      const base::ProgrammeId& /*programme_id*/, const std::vector<app::ExpiredHold>& holds) override {
    return pool_.write(
        [holds](Write& write) -> base::Outcome<std::vector<app::FencedHold>> { return fence_holds(write, holds); });
  }

  boost::asio::awaitable<base::Outcome<app::GateImage>> rebuild_image(const base::ProgrammeId& programme_id) override {
    return pool_.write([programme_id](Write& write) { return mysql::rebuild_image(write, programme_id); });
  }

  boost::asio::awaitable<base::Outcome<std::vector<app::SeatsTaken>>> seats_taken(
      const base::ProgrammeId& programme_id) override {
    return pool_.read([programme_id](Connection& connection) -> base::Outcome<std::vector<app::SeatsTaken>> {
      std::vector<app::SeatsTaken> seats;
      for (const Row row : connection.query(sql(select_seats_taken, programme_id))) {
        seats.push_back({row.id<base::ActivityId>(0), row.integer(1), row.integer(2), row.u64(3), row.u64(4)});
      }
      return seats;
    });
  }

  boost::asio::awaitable<base::Outcome<std::vector<app::GateBooking>>> active_bookings(
      const base::ActivityId& activity_id) override {
    return pool_.read([activity_id](Connection& connection) -> base::Outcome<std::vector<app::GateBooking>> {
      return gate_bookings(connection.query(sql(select_activity_bookings, activity_id)));
    });
  }

 private:
  WriterPool& writers_;
  ConnectionPool& pool_;
  GroupReader<base::BookingId, domain::Booking> bookings_;
};

}  // namespace

std::unique_ptr<app::BookingLedger> create_booking_ledger(WriterPool& writers, ConnectionPool& pool) {
  return std::make_unique<MysqlBookingLedger>(writers, pool);
}

}  // namespace zl::mysql

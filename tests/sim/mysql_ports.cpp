#include "sim/mysql_ports.hpp"

#include <algorithm>
#include <utility>

#include "sim/not_simulated.hpp"

namespace zl::sim {

SimLedger::SimLedger(Setting& setting, MysqlSim& mysql, Owner owner)
    : setting_(setting),
      pool_(setting, mysql),
      places_(static_cast<std::size_t>(setting.plan.places)),
      writer_(std::make_shared<Writer>(setting, mysql, owner)) {}

std::optional<runtime::CountGuard> SimLedger::take_place(const base::ProgrammeId&, app::Turn) {
  auto place = places_.try_take();
  if (!place) setting_.seen.add("ledger", "no place left");
  return place;
}

Answer<app::LedgerAnswer> SimLedger::book(runtime::CountGuard place, app::LedgerItem item) {
  using Outcome = base::Outcome<app::LedgerAnswer>;
  const runtime::CountGuard kept = std::move(place);
  const domain::Booking as_if{item.wish.id,
                              domain::BookingState::confirmed,
                              item.wish.activity_id,
                              item.wish.programme_id,
                              item.wish.attendee_id,
                              item.wish.user_id,
                              item.receipt.decided_at,
                              {},
                              item.receipt};
  base::Outcome<app::LedgerAnswer> answer =
      co_await runtime::suspend<Outcome>([this, item = std::move(item)](runtime::Resumption<Outcome> resumption) {
        writer_->book(item, Writer::BookCall::start(setting_.schedule, std::move(resumption)));
      });
  if (answer.is_unknown() && setting_.bug == Bug::unknown_commit_is_refused) co_return no_mysql();
  if (answer.is_unknown() && setting_.bug == Bug::confirmed_before_commit) {
    co_return app::LedgerAnswer(app::LedgerBooked{as_if, false});
  }
  co_return answer;
}

Answer<app::Cancelled> SimLedger::cancel(const base::BookingId& id, const base::ProgrammeId& programme_id,
                                         const app::Actor& actor, base::Instant now) {
  using Outcome = base::Outcome<app::Cancelled>;
  Writer::Cancellation wanted{id, actor, now};
  const std::optional<runtime::CountGuard> place = take_place(programme_id, app::Turn::first);
  if (!place) co_return base::Code::overloaded;
  co_return co_await runtime::suspend<Outcome>([this, &wanted](runtime::Resumption<Outcome> resumption) {
    writer_->cancel(std::move(wanted), Writer::CancelCall::start(setting_.schedule, std::move(resumption)));
  });
}

Answer<std::optional<domain::Booking>> SimLedger::find(const base::BookingId& id) {
  using Found = std::optional<domain::Booking>;
  return pool_.read<Found>("ledger.find", [id](const MysqlSim& mysql) {
    const domain::Booking* booking = mysql.ledger().find(id);
    return base::Outcome<Found>(booking == nullptr ? Found() : Found(*booking));
  });
}

Answer<app::BookingPage> SimLedger::of_user(const base::UserId&, std::optional<base::BookingId>, std::size_t) {
  return not_simulated<app::BookingPage>();
}

Answer<std::vector<app::FencedHold>> SimLedger::fence(const base::ProgrammeId&,
                                                      const std::vector<app::ExpiredHold>& holds) {
  using Fenced = std::vector<app::FencedHold>;
  return pool_.write<Fenced>("ledger.fence",
                             [holds](MysqlSim& mysql) { return base::Outcome<Fenced>(mysql.ledger().fence(holds)); });
}

Answer<app::GateImage> SimLedger::rebuild_image(const base::ProgrammeId& programme_id) {
  return pool_.write<app::GateImage>("ledger.rebuild_image",
                                     [programme_id](MysqlSim& mysql) { return mysql.rebuild_image(programme_id); });
}

Answer<std::vector<app::SeatsTaken>> SimLedger::seats_taken(const base::ProgrammeId& programme_id) {
  using Taken = std::vector<app::SeatsTaken>;
  return pool_.read<Taken>("ledger.seats_taken", [programme_id](const MysqlSim& mysql) {
    return base::Outcome<Taken>(mysql.ledger().seats_taken(programme_id));
  });
}

Answer<std::vector<app::GateBooking>> SimLedger::active_bookings(const base::ActivityId& activity_id) {
  using Active = std::vector<app::GateBooking>;
  return pool_.read<Active>("ledger.active_bookings", [activity_id](const MysqlSim& mysql) {
    return base::Outcome<Active>(mysql.ledger().active_bookings(activity_id));
  });
}

}  // namespace zl::sim

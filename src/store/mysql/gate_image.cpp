#include "store/mysql/gate_image.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "domain/decision.hpp"
#include "store/mysql/catalogue_rows.hpp"
#include "store/mysql/programme_locks.hpp"
#include "store/mysql/sql.hpp"

namespace zl::mysql {
namespace {

constexpr std::string_view raise_fences =
    "UPDATE activity_seats FORCE INDEX (PRIMARY) SET fence = GREATEST(fence, CASE activity_id? ELSE 0 END) "
    "WHERE activity_id IN (?)";

// By primary key; locks nothing.
constexpr std::string_view select_committed =
    "SELECT id FROM bookings FORCE INDEX (PRIMARY) WHERE id IN (?) AND active = 1";

// Indexes activity_seats_programme and bookings_activity, as many rows as a rebuild reads anyway; locks nothing.
// Cancelled bookings count too.
constexpr std::string_view select_highest_arrival =
    "SELECT COALESCE(MAX(b.arrival), 0) FROM activity_seats s "
    "JOIN bookings b FORCE INDEX (bookings_activity) ON b.activity_id = s.activity_id WHERE s.programme_id = ?";

std::vector<app::GateActivity> gate_activities(const app::ProgrammeContent& content) {
  std::vector<const domain::Activity*> published;
  for (const domain::Activity& activity : content.activities) {
    if (activity.publication == domain::Publication::published) published.push_back(&activity);
  }
  std::vector<app::GateActivity> activities;
  activities.reserve(published.size());
  for (const domain::Activity* const activity : published) {
    activities.push_back({activity->id, activity->capacity, domain::booking_ends_at(content.programme, *activity),
                          domain::overlapping_activities(*activity, published), activity->version});
  }
  return activities;
}

}  // namespace

std::vector<app::FencedHold> fence_holds(Write& write, const std::vector<app::ExpiredHold>& holds) {
  if (holds.empty()) return {};
  std::map<base::ActivityId, domain::GrantNumber> fences;
  std::vector<base::BookingId> ids;
  for (const app::ExpiredHold& hold : holds) {
    domain::GrantNumber& fence = fences[hold.activity_id];
    fence = std::max(fence, hold.hold.grant);
    ids.push_back(hold.hold.id);
  }
  std::string cases;
  std::vector<base::ActivityId> activities;
  for (const auto& [activity_id, fence] : fences) {
    cases += sql(" WHEN ? THEN ?", activity_id, fence);
    activities.push_back(activity_id);
  }
  write.execute(sql(raise_fences, Fragment{std::move(cases)}, activities));

  std::set<base::BookingId> committed;
  for (const Row row : write.query(sql(select_committed, ids))) committed.insert(row.id<base::BookingId>(0));
  std::vector<app::FencedHold> fenced;
  fenced.reserve(holds.size());
  for (const app::ExpiredHold& hold : holds) fenced.push_back({hold.hold, committed.contains(hold.hold.id)});
  return fenced;
}

base::Outcome<app::GateImage> rebuild_image(Write& write, const base::ProgrammeId& programme_id) {
  const std::optional<std::uint64_t> epoch = lock_programme(write, programme_id);
  if (!epoch) return base::Code::not_found;
  lock_programme_seats(write, programme_id);
  const std::optional<app::ProgrammeContent> content = find_programme_content(write, programme_id);
  if (!content) return base::Code::not_found;
  app::GateImage image;
  image.programme_id = programme_id;
  image.epoch = *epoch + 1;
  image.opens_at = content->programme.opens_at;
  image.rules = content->programme.rules;
  image.activities = gate_activities(*content);
  if (image.activities.empty()) return base::Code::not_found;
  fence_programme(write, programme_id, *epoch);
  image.arrival = write.query(sql(select_highest_arrival, programme_id)).front().u64(0);
  image.bookings = gate_bookings(write.query(sql(select_programme_bookings, programme_id)));
  return image;
}

std::vector<app::GateBooking> gate_bookings(const Rows& rows) {
  std::vector<app::GateBooking> bookings;
  bookings.reserve(rows.size());
  for (const Row row : rows) {
    bookings.push_back({row.id<base::BookingId>(0), row.id<base::ActivityId>(1), row.id<base::AttendeeId>(2),
                        row.id<base::UserId>(3)});
  }
  return bookings;
}

}  // namespace zl::mysql

// The real gate against the model: thousands of random operations by fixed seeds, with the same answers and the same
// books at every step.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "integration/gate_harness.hpp"
#include "support/gate_model.hpp"

namespace zl::redis {
namespace {

using test::id_of;

constexpr std::uint64_t activities = 3;
constexpr std::uint64_t people = 7;
constexpr std::uint64_t bookings = 40;
constexpr int steps = 400;

const auto programme = test::sample_programme_id;

std::string text_of(domain::GrantNumber grant) {
  return std::to_string(grant.epoch()) + "." + std::to_string(grant.arrival());
}

std::string text_of(const app::SeatCount& seats) {
  return std::to_string(seats.version.epoch) + "/" + std::to_string(seats.version.change) + " " +
         std::to_string(seats.used) + " of " + std::to_string(seats.capacity);
}

std::string text_of(const domain::Violation& violation) {
  std::ostringstream out;
  out << base::name(domain::code_of(violation)) << (domain::is_provisional(violation) ? "?" : "");
  if (const auto* already = std::get_if<domain::AlreadyBooked>(&violation)) out << already->booking_id->hex();
  if (const auto* overlaps = std::get_if<domain::Overlaps>(&violation)) out << overlaps->activity_id.hex();
  if (const auto* limit = std::get_if<domain::LimitReached>(&violation)) {
    out << static_cast<int>(limit->scope) << " " << limit->limit << " " << limit->used;
  }
  if (const auto* sold_out = std::get_if<domain::SoldOut>(&violation)) out << sold_out->sold_out_at.has_value();
  return out.str();
}

/// Everything but the moments, which are Redis's.
std::string text_of(const base::Outcome<app::GateDecision>& decision) {
  if (!decision) return decision.is_refused() ? std::string(base::name(decision.refused().code)) : "unknown";
  std::ostringstream out;
  if (const auto* granted = std::get_if<app::Granted>(&*decision)) {
    out << "granted " << text_of(granted->grant) << (granted->again ? " again " : " ")
        << granted->receipt.arrival.value_or(0) << " left " << granted->receipt.remaining.value_or(-1) << " "
        << text_of(granted->seats);
  } else if (const auto* refused = std::get_if<app::GateRefused>(&*decision)) {
    out << "refused " << refused->refusal.receipt.arrival.value_or(0) << " left "
        << refused->refusal.receipt.remaining.value_or(-1) << " " << text_of(refused->seats);
    for (const domain::Violation& violation : refused->refusal.violations) out << ", " << text_of(violation);
  } else {
    out << "lost";
  }
  return out.str();
}

std::string text_of(const base::Outcome<base::Done>& done) {
  if (done) return "done";
  return done.is_refused() ? std::string(base::name(done.refused().code)) : "unknown";
}

std::string text_of(const base::Outcome<std::optional<app::GateSeats>>& seats) {
  if (!seats || !*seats) return "none";
  std::string out = std::to_string((*seats)->version.epoch) + "/" + std::to_string((*seats)->version.change) + ": ";
  for (const app::GateCount& count : (*seats)->activities) {
    out += text_of(count.seats) + " pending " + std::to_string(count.pending) + " spare " +
           std::to_string(count.spare) + "; ";
  }
  return out;
}

std::string text_of(const base::Outcome<std::optional<app::GateHolders>>& holders) {
  if (!holders || !*holders) return "none";
  std::set<std::string> rows;
  for (const app::Holder& holder : (*holders)->holders) {
    rows.insert(holder.id.hex() + holder.attendee_id.hex() + text_of(holder.grant) + (holder.pending ? "p" : "c"));
  }
  std::string out = std::to_string((*holders)->version.change);
  for (const std::string& row : rows) out += " " + row;
  return out;
}

class GateModelTest : public GateTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  std::uint64_t pick(std::uint64_t from, std::uint64_t to) {
    return std::uniform_int_distribution<std::uint64_t>(from, to)(engine);
  }
  base::ActivityId any_activity() { return id_of<base::ActivityId>(pick(1, activities)); }

  /// A booking id has one wish mostly, and another one now and then. People come in pairs of one family.
  domain::BookingWish any_wish() {
    const std::uint64_t booking = pick(1, bookings);
    std::uint64_t person = 1 + booking % people;
    if (pick(1, 20) == 1) person = pick(1, people);
    domain::BookingWish wish = test::sample_wish(booking, 1 + booking % activities, person);
    wish.user_id = id_of<base::UserId>((person + 1) / 2);
    return wish;
  }

  app::GateImage any_image() {
    app::GateImage made = image(pick(1, 3) == 1 ? epoch : ++epoch, {static_cast<int>(pick(1, 5)), 3, 6},
                                {pick(0, 1) ? std::optional(2) : std::nullopt,
                                 pick(0, 1) ? std::optional(3) : std::nullopt, pick(0, 1) == 1, 0});
    made.activities[0].overlapping = {made.activities[1].id};
    made.activities[1].overlapping = {made.activities[0].id};
    if (const auto* known = model.programme(programme)) {
      made.arrival = known->arrival;
      for (const auto& hold : known->holds) {
        if (!hold.pending)
          made.bookings.push_back({hold.wish.id, hold.wish.activity_id, hold.wish.attendee_id, hold.wish.user_id});
      }
    }
    return made;
  }

  domain::GrantNumber any_grant(const base::BookingId& id) {
    const auto* held = model.hold(programme, id);
    if (held == nullptr) return domain::GrantNumber::of(epoch, pick(0, 50));
    return pick(1, 4) == 1 ? domain::GrantNumber{held->grant.value - 1} : held->grant;
  }

  struct Both {
    std::string real;
    std::string expected;
  };

  Both book_any() {
    const domain::BookingWish wish = any_wish();
    const std::uint64_t min_epoch = pick(1, 30) == 1 ? epoch + 1 : 0;
    return {text_of(book(wish, min_epoch)), text_of(model.book(wish, min_epoch, now))};
  }
  /// Wishes of one turn come to what the same wishes come to one by one.
  Both book_some() {
    std::vector<domain::BookingWish> wishes(pick(2, 12));
    std::ranges::generate(wishes, [this] { return any_wish(); });
    if (pick(1, 3) == 1) wishes.push_back(wishes.front());
    const std::uint64_t min_epoch = pick(1, 30) == 1 ? epoch + 1 : 0;
    Both both;
    for (const Decision& decision : book_together(wishes, min_epoch)) both.real += text_of(decision) + "; ";
    for (const auto& wish : wishes) both.expected += text_of(model.book(wish, min_epoch, now)) + "; ";
    return both;
  }
  Both confirm_any() {
    domain::BookingWish wish = any_wish();
    if (const auto* held = model.hold(programme, wish.id)) wish = held->wish;
    runtime::run_on(loops, 0, runtime::as_task([this, wish] { gate->confirm(wish); }));
    model.confirm(wish);
    return {};
  }
  Both remove_any() {
    const base::BookingId id = id_of<base::BookingId>(pick(1, bookings));
    const auto* held = model.hold(programme, id);
    const base::ActivityId activity = held != nullptr && pick(1, 10) > 1 ? held->wish.activity_id : any_activity();
    if (pick(1, 3) == 1) {
      return {text_of(run([&] { return gate->remove_cancelled(programme, activity, id); })),
              text_of(model.remove_cancelled(programme, activity, id))};
    }
    const std::vector<app::HoldRef> holds{{id, any_grant(id)}};
    const app::Unit unit = pick(1, 4) == 1 ? app::Unit::stays : app::Unit::returns;
    return {text_of(run([&] { return gate->remove(programme, activity, holds, unit); })),
            text_of(model.remove(programme, activity, holds, unit))};
  }
  Both adopt_any() {
    std::vector<app::GateBooking> adopted;
    const domain::BookingWish first = any_wish();
    adopted.push_back({first.id, first.activity_id, first.attendee_id, first.user_id});
    return {text_of(run([&] { return gate->adopt(programme, first.activity_id, adopted); })),
            text_of(model.adopt(programme, first.activity_id, adopted))};
  }
  Both give_back_any() {
    const base::ActivityId activity = any_activity();
    const int number = static_cast<int>(pick(0, 2));
    return {text_of(run([&] { return gate->give_back_spare(programme, activity, number); })),
            text_of(model.give_back_spare(programme, activity, number))};
  }
  Both set_any_capacity() {
    const base::ActivityId activity = any_activity();
    const int capacity = static_cast<int>(pick(1, 6));
    const std::uint64_t version = pick(1, 4);
    return {text_of(run([&] { return gate->set_capacity(programme, activity, capacity, version); })),
            text_of(model.set_capacity(programme, activity, capacity, version))};
  }
  Both install_any() {
    const app::GateImage made = any_image();
    return {std::to_string(*run([&] { return gate->install(made); })), std::to_string(*model.install(made))};
  }

  Both step() {
    const std::uint64_t kind = pick(1, 100);
    if (kind <= 30) return book_any();
    if (kind <= 50) return book_some();
    if (kind <= 65) return confirm_any();
    if (kind <= 83) return remove_any();
    if (kind <= 88) return adopt_any();
    if (kind <= 92) return give_back_any();
    if (kind <= 97) return set_any_capacity();
    return install_any();
  }

  std::mt19937_64 engine{GetParam()};
  test::GateModel model{std::chrono::hours(1)};
  std::uint64_t epoch = 1;
};

TEST_P(GateModelTest, answers_and_counts_as_the_model_does) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const app::GateImage first = image(epoch, {4, 3, 6}, {2, 3, false, 0});
  ASSERT_TRUE(install(first));
  ASSERT_TRUE(model.install(first));
  const std::vector<base::ActivityId> all{id_of<base::ActivityId>(1), id_of<base::ActivityId>(2),
                                          id_of<base::ActivityId>(3)};
  for (int i = 0; i < steps; ++i) {
    const Both both = step();
    ASSERT_EQ(both.real, both.expected) << "step " << i;
    ASSERT_EQ(text_of(run([&] { return gate->seats(programme, all); })), text_of(model.seats(programme, all, now)))
        << "step " << i;
    ASSERT_EQ(*run([&] { return gate->version(programme); }), *model.version(programme)) << "step " << i;
    ASSERT_EQ(model.fault(), "") << "step " << i;
    if (i % 20 != 0) continue;
    for (const base::ActivityId& id : all) {
      ASSERT_EQ(text_of(run([&] { return gate->holders(programme, id); })), text_of(model.holders(programme, id)))
          << "step " << i;
    }
  }
}

TEST_P(GateModelTest, sells_no_more_than_the_capacity_to_a_crowd) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  install(image(1, {4, 3, 6}, {2, 3, false, 0}));
  std::map<base::BookingId, domain::BookingWish> held;
  for (int i = 0; i < steps; ++i) {
    const domain::BookingWish wish = any_wish();
    const auto decision = book(wish);
    if (const auto* granted = this->granted(decision)) {
      held[wish.id] = wish;
      ASSERT_LE(granted->seats.used, granted->seats.capacity) << "step " << i;
      if (pick(1, 3) == 1) {
        ASSERT_TRUE(run([&] {
          return gate->remove(programme, wish.activity_id, {{wish.id, granted->grant}}, app::Unit::returns);
        }));
        held.erase(wish.id);
      }
    }
    for (std::uint64_t activity = 1; activity <= activities; ++activity) {
      const auto mine = std::ranges::count_if(
          held, [activity](const auto& h) { return h.second.activity_id == id_of<base::ActivityId>(activity); });
      ASSERT_EQ(count(activity).seats.used, mine) << "step " << i;
      ASSERT_LE(count(activity).seats.used, count(activity).seats.capacity) << "step " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GateModelTest, testing::Values(1U, 2U, 3U, 20U, 77U, 2018U, 4711U, 90210U));

}  // namespace
}  // namespace zl::redis

// The answers of gate.lua as values: every shape that it gives, and what is none of them.
#include "store/redis/gate_replies.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <utility>
#include <variant>

#include "store/redis/gate.hpp"
#include "support/samples.hpp"

namespace zl::redis {
namespace {

using test::id_of;
using Part = std::variant<std::int64_t, std::string>;

const auto activity = id_of<base::ActivityId>(1);
const std::string hex_1 = id_of<base::BookingId>(1).hex();
const std::string hex_2 = id_of<base::BookingId>(2).hex();

Reply array(const std::vector<Part>& parts) {
  std::vector<Reply> items;
  for (const Part& part : parts) {
    const auto* number = std::get_if<std::int64_t>(&part);
    items.push_back(number != nullptr ? Reply::of_integer(*number) : Reply::of_text(std::get<std::string>(part)));
  }
  return Reply::of_array(std::move(items));
}

Reply part(const Part& item) {
  return array({item}).item(0);
}

std::vector<Part> decision(const char* word, std::initializer_list<const char*> violations = {}) {
  // epoch, arrival, first arrival, decided, opens, remaining, change, used, capacity, again
  std::vector<Part> parts{word, 3, 12, 7, 5000, 4000, 2, 9, 8, 10, 0};
  for (const char* violation : violations) parts.emplace_back(violation);
  return parts;
}

// What every reader makes of replies that are no answer.

template <class T>
void expect_no_answers(const std::function<base::Outcome<T>(const Reply&)>& read) {
  const auto unsent = read(Reply::unsent("not up"));
  ASSERT_TRUE(unsent.is_refused());
  EXPECT_EQ(unsent.refused().code, base::Code::unavailable);
  EXPECT_TRUE(read(Reply::lost("timeout")).is_unknown());
  EXPECT_TRUE(read(Reply::of_error("ERR user_script:1")).is_unknown());
  for (const Reply& odd : {Reply(), Reply::of_integer(1), Reply::of_text("granted"), Reply::of_text(""),
                           Reply::of_array({}), array({"what"}), Reply::of_array({Reply()})}) {
    EXPECT_TRUE(read(odd).is_unknown());
  }
}

/// Every item once missing and once of another type: never taken for an answer. `optional_from` items may be missing.
template <class T>
void expect_every_item_matters(const std::vector<Part>& good,
                               const std::function<base::Outcome<T>(const Reply&)>& read) {
  ASSERT_TRUE(read(array(good)).is_done());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Part> missing = good;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(read(array(missing)).is_unknown()) << "without item " << i;
    std::vector<Part> wrong = good;
    wrong[i] = "x";
    EXPECT_TRUE(read(array(wrong)).is_unknown()) << "odd item " << i;
  }
}

TEST(GateReplies, of_no_kind_are_unknown) {
  expect_no_answers<app::GateDecision>([](const Reply& r) { return read_decision(r, activity); });
  expect_no_answers<std::optional<app::GateSeats>>(read_seats);
  expect_no_answers<std::optional<app::GateHolders>>(read_holders);
  expect_no_answers<std::vector<app::ExpiredHold>>(read_expired);
  expect_no_answers<base::Instant>(read_time);
  expect_no_answers<base::Done>(read_change);
}

TEST(Decision, is_granted_with_grant_receipt_and_seats) {
  const auto read = read_decision(array(decision("granted")), activity);
  ASSERT_TRUE(read);
  const auto& granted = std::get<app::Granted>(*read);
  EXPECT_EQ(granted.grant, domain::GrantNumber::of(3, 12));
  EXPECT_EQ(granted.receipt.arrival, 7U);
  EXPECT_EQ(granted.receipt.decided_at, base::Instant{5000});
  EXPECT_EQ(granted.receipt.opens_at, base::Instant{4000});
  EXPECT_EQ(granted.receipt.remaining, 2);
  EXPECT_EQ(granted.seats.activity_id, activity);
  EXPECT_EQ(granted.seats.version, (app::GateVersion{3, 9}));
  EXPECT_EQ(granted.seats.used, 8);
  EXPECT_EQ(granted.seats.capacity, 10);
  EXPECT_FALSE(granted.again);
}

TEST(Decision, is_granted_again_where_the_gate_says_so) {
  std::vector<Part> parts = decision("granted");
  parts[10] = 1;
  EXPECT_TRUE(std::get<app::Granted>(*read_decision(array(parts), activity)).again);
}

TEST(Decision, reads_numbers_that_come_as_text) {
  std::vector<Part> parts = decision("granted");
  parts[4] = "1783299600000";
  EXPECT_EQ(std::get<app::Granted>(*read_decision(array(parts), activity)).receipt.decided_at.unix_ms,
            1'783'299'600'000);
}

TEST(Decision, is_lost_or_a_conflict_in_one_word) {
  EXPECT_TRUE(std::holds_alternative<app::GateLost>(*read_decision(array({"lost"}), activity)));
  const auto conflict = read_decision(array({"conflict"}), activity);
  ASSERT_TRUE(conflict.is_refused());
  EXPECT_EQ(conflict.refused().code, base::Code::idempotency_conflict);
}

TEST(Decision, is_refused_with_every_violation_the_weightiest_first) {
  const std::string already = "already " + hex_1 + " 1";
  const std::string overlaps = "overlaps " + hex_2 + " 0";
  const auto read =
      read_decision(array(decision("refused", {"sold_out 4500 1", overlaps.c_str(), "limit user 4 5 0",
                                               "limit attendee 2 2 1", already.c_str(), "not_open 4000"})),
                    activity);
  ASSERT_TRUE(read);
  const auto& refused = std::get<app::GateRefused>(*read);
  EXPECT_EQ(refused.refusal.receipt.arrival, 7U);
  EXPECT_EQ(refused.seats.used, 8);
  const auto& violations = refused.refusal.violations;
  ASSERT_EQ(violations.size(), 6U);
  EXPECT_EQ(std::get<domain::NotOpen>(violations[0]).opens_at, base::Instant{4000});
  EXPECT_EQ(std::get<domain::AlreadyBooked>(violations[1]).booking_id, id_of<base::BookingId>(1));
  EXPECT_TRUE(std::get<domain::AlreadyBooked>(violations[1]).provisional);
  const auto& user = std::get<domain::LimitReached>(violations[2]);
  EXPECT_EQ(user.scope, domain::CapScope::user);
  EXPECT_EQ(user.limit, 4);
  EXPECT_EQ(user.used, 5);
  EXPECT_FALSE(user.provisional);
  EXPECT_EQ(std::get<domain::LimitReached>(violations[3]).scope, domain::CapScope::attendee);
  EXPECT_TRUE(std::get<domain::LimitReached>(violations[3]).provisional);
  EXPECT_EQ(std::get<domain::Overlaps>(violations[4]).activity_id, id_of<base::ActivityId>(2));
  EXPECT_EQ(std::get<domain::SoldOut>(violations[5]).sold_out_at, base::Instant{4500});
  EXPECT_TRUE(std::get<domain::SoldOut>(violations[5]).provisional);
}

TEST(Decision, knows_closed_and_a_sold_out_without_its_moment) {
  const auto read = read_decision(array(decision("refused", {"closed 9000", "sold_out - 0"})), activity);
  ASSERT_TRUE(read);
  const auto& violations = std::get<app::GateRefused>(*read).refusal.violations;
  EXPECT_EQ(std::get<domain::Closed>(violations.at(0)).closed_at, base::Instant{9000});
  EXPECT_EQ(std::get<domain::SoldOut>(violations.at(1)).sold_out_at, std::nullopt);
}

TEST(Decision, with_any_item_missing_or_odd_is_unknown) {
  const auto read = [](const Reply& reply) { return read_decision(reply, activity); };
  expect_every_item_matters<app::GateDecision>(decision("granted"), read);
  expect_every_item_matters<app::GateDecision>(decision("refused", {"closed 9000"}), read);
}

TEST(Decision, with_a_violation_that_nobody_knows_is_unknown) {
  EXPECT_TRUE(read_decision(array(decision("refused")), activity).is_unknown()) << "a refusal names a rule";
  for (const char* violation :
       {"", "closed", "closed x", "closed 1 2", "not_open", "not_open -", "already", "already x 0", "overlaps x 0",
        "sold_out", "sold_out x 0", "limit", "limit attendee 2 2", "limit child 2 2 0", "limit user x 2 0",
        "limit user 2 x 0", "ineligible 3 4"}) {
    EXPECT_TRUE(read_decision(array(decision("refused", {violation})), activity).is_unknown()) << violation;
  }
}

TEST(Grant, is_written_and_read_as_epoch_and_arrival) {
  EXPECT_EQ(format_grant(domain::GrantNumber::of(3, 12)), "3.12");
  EXPECT_EQ(parse_grant("3.12"), domain::GrantNumber::of(3, 12));
  EXPECT_EQ(parse_grant("1.1099511627775"), domain::GrantNumber::of(1, (std::uint64_t{1} << 40) - 1));
  for (const char* text : {"", ".", "3", "3.", ".3", "3.x", "x.3", "3.1.2", "-3.1", "3. 1", "3,1"}) {
    EXPECT_EQ(parse_grant(text), std::nullopt) << text;
  }
}

TEST(Seats, are_read_row_by_row) {
  const std::vector<Part> parts{"seats", 3, 5000, hex_1, 9, 8, 10, 2, 1, hex_2, 1, 0, 5, 0, 0};
  const auto read = read_seats(array(parts));
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->epoch, 3U);
  EXPECT_EQ((*read)->now, base::Instant{5000});
  ASSERT_EQ((*read)->activities.size(), 2U);
  const app::GateCount& first = (*read)->activities[0];
  EXPECT_EQ(first.seats.activity_id, id_of<base::ActivityId>(1));
  EXPECT_EQ(first.seats.version, (app::GateVersion{3, 9}));
  EXPECT_EQ(first.seats.used, 8);
  EXPECT_EQ(first.seats.capacity, 10);
  EXPECT_EQ(first.pending, 2);
  EXPECT_EQ(first.spare, 1);
  expect_every_item_matters<std::optional<app::GateSeats>>(parts, read_seats);
}

TEST(Seats, are_nothing_where_the_gate_is_lost_and_few_where_it_knows_few) {
  EXPECT_EQ((*read_seats(array({"lost"}))).has_value(), false);
  EXPECT_TRUE((*read_seats(array({"seats", 3, 5000})))->activities.empty());
}

TEST(Holders, are_read_row_by_row) {
  const std::vector<Part> parts{"holders", 3, 9, 4500, hex_1, hex_2, "3.7", "p", hex_2, hex_1, "3.0", "c"};
  const auto read = read_holders(array(parts));
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->version, (app::GateVersion{3, 9}));
  EXPECT_EQ((*read)->sold_out_at, base::Instant{4500});
  ASSERT_EQ((*read)->holders.size(), 2U);
  EXPECT_EQ((*read)->holders[0].id, id_of<base::BookingId>(1));
  EXPECT_EQ((*read)->holders[0].attendee_id, id_of<base::AttendeeId>(2));
  EXPECT_EQ((*read)->holders[0].grant, domain::GrantNumber::of(3, 7));
  EXPECT_TRUE((*read)->holders[0].pending);
  EXPECT_FALSE((*read)->holders[1].pending);
  expect_every_item_matters<std::optional<app::GateHolders>>(parts, read_holders);
}

TEST(Holders, may_be_none_and_without_a_moment) {
  EXPECT_FALSE((*read_holders(array({"lost"}))).has_value());
  const auto read = read_holders(array({"holders", 3, 0, 0}));
  ASSERT_TRUE(read && *read);
  EXPECT_TRUE((*read)->holders.empty());
  EXPECT_EQ((*read)->sold_out_at, std::nullopt);
}

TEST(Expired, are_read_row_by_row) {
  const std::vector<Part> parts{"expired", hex_1, hex_2, "3.7"};
  const auto read = read_expired(array(parts));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ((*read)[0].activity_id, id_of<base::ActivityId>(1));
  EXPECT_EQ((*read)[0].hold.id, id_of<base::BookingId>(2));
  EXPECT_EQ((*read)[0].hold.grant, domain::GrantNumber::of(3, 7));
  expect_every_item_matters<std::vector<app::ExpiredHold>>(parts, read_expired);
  EXPECT_TRUE(read_expired(array({"lost"}))->empty());
  EXPECT_TRUE(read_expired(array({"expired"}))->empty());
}

TEST(Time, is_read_from_seconds_and_microseconds) {
  const auto read = read_time(array({"1783299600", "7999"}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->unix_ms, 1'783'299'600'007);
  EXPECT_TRUE(read_time(array({"1783299600"})).is_unknown());
  EXPECT_TRUE(read_time(array({"x", "1"})).is_unknown());
  EXPECT_TRUE(read_time(array({std::int64_t{1} << 62, "1"})).is_unknown());
  EXPECT_TRUE(read_time(array({"-1", "1"})).is_unknown());
}

TEST(Change, is_done_refused_or_unknown) {
  EXPECT_TRUE(read_change(part("OK")).is_done());
  EXPECT_EQ(read_change(part("lost")).refused().code, base::Code::unavailable);
  EXPECT_EQ(read_change(part("used")).refused().code, base::Code::invalid_state);
  EXPECT_TRUE(read_change(part("ok")).is_unknown());
  EXPECT_TRUE(read_change(part(1)).is_unknown());
}

struct News final : app::SeatNews {
  void on_seats(const base::ProgrammeId& programme_id, const app::SeatCount& count) override {
    programme = programme_id;
    seats.push_back(count);
  }
  void on_change() override { ++changes; }

  base::ProgrammeId programme;
  std::vector<app::SeatCount> seats;
  int changes = 0;
};

TEST(GateNews, tell_of_seats_and_changes) {
  News news;
  dispatch_news("change", news);
  EXPECT_EQ(news.changes, 1);
  dispatch_news("seats " + hex_1 + " " + hex_2 + " 3 9 8 10", news);
  ASSERT_EQ(news.seats.size(), 1U);
  EXPECT_EQ(news.programme, id_of<base::ProgrammeId>(1));
  EXPECT_EQ(news.seats[0].activity_id, id_of<base::ActivityId>(2));
  EXPECT_EQ(news.seats[0].version, (app::GateVersion{3, 9}));
  EXPECT_EQ(news.seats[0].used, 8);
  EXPECT_EQ(news.seats[0].capacity, 10);
}

TEST(GateNews, of_another_shape_are_left_out) {
  News news;
  const std::string ids = hex_1 + " " + hex_2;
  for (const std::string& payload :
       {std::string(), std::string("changed"), std::string("seats"), "seats " + ids + " 3 9 8",
        "seats " + ids + " 3 9 8 10 1", "seats " + ids + " 3 9 8 x", "seats " + ids + " 3 9 8x 10",
        "seats " + ids + " 3 9 -8 10", "seats x " + hex_2 + " 3 9 8 10", "seats " + hex_1 + " x 3 9 8 10",
        "seets " + ids + " 3 9 8 10", "seats  " + ids + " 3 9 8", std::string(1000, ' ')}) {
    dispatch_news(payload, news);
  }
  EXPECT_TRUE(news.seats.empty());
  EXPECT_EQ(news.changes, 0);
}

}  // namespace
}  // namespace zl::redis

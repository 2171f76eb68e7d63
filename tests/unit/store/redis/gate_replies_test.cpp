// The answers of gate.lua as values: every shape that it gives, and what is none of them.
#include "store/redis/gate_replies.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "support/samples.hpp"

namespace zl::redis {
namespace {

using namespace std::string_literals;
using test::id_of;
using Part = std::variant<std::int64_t, std::string>;

const auto activity = id_of<base::ActivityId>(1);

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

/// The answer to one call of book: epoch 3, at 5000, open since 4000, and 11 decisions were before.
Reply decisions(const std::string& answers) {
  return Reply::of_text(pack({3, 5000, 4000, 11}) + answers);
}

std::vector<base::Outcome<app::GateDecision>> read_all(const std::string& answers, std::size_t count) {
  return read_decisions(decisions(answers), std::vector<base::ActivityId>(count, activity));
}

base::Outcome<app::GateDecision> read_one(const Reply& reply) {
  return read_decisions(reply, {activity}).at(0);
}

const std::string counts = pack({9, 8, 10});
const std::string never_back = pack({0});
const std::string granted = "g" + counts + never_back;
const std::string granted_again = "a" + pack({7, 4444, 5}) + counts + never_back;

/// Of change 9, 8 of 10 seats used.
std::string refused(const std::string& violations) {
  return "r" + counts + violations + ";";
}

std::string name(char kind, std::uint64_t number) {
  return kind + std::string(id_of<base::BookingId>(number).raw());
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

/// Every row once shortened, and every item once of another type: never taken for an answer.
template <class T>
void expect_every_item_matters(const std::vector<Part>& good,
                               const std::function<base::Outcome<T>(const Reply&)>& read) {
  ASSERT_TRUE(read(array(good)).is_done());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Part> wrong = good;
    wrong[i] = "x";
    EXPECT_TRUE(read(array(wrong)).is_unknown()) << "odd item " << i;
    const auto* row = std::get_if<std::string>(&good[i]);
    for (std::size_t length = 0; row != nullptr && length + 1 < row->size(); ++length) {
      wrong[i] = row->substr(0, length);
      EXPECT_TRUE(read(array(wrong)).is_unknown()) << length << " bytes of item " << i;
    }
  }
}

TEST(GateReplies, of_no_kind_are_unknown) {
  expect_no_answers<app::GateDecision>(read_one);
  expect_no_answers<std::optional<app::GateSeats>>(read_seats);
  expect_no_answers<std::optional<app::GateHolders>>(read_holders);
  expect_no_answers<std::vector<app::ExpiredHold>>(read_expired);
  expect_no_answers<base::Instant>(read_time);
  expect_no_answers<base::Done>(read_change);
}

TEST(Decision, is_granted_with_grant_receipt_and_seats) {
  const auto read = read_one(decisions(granted));
  ASSERT_TRUE(read);
  const auto& found = std::get<app::Granted>(*read);
  EXPECT_EQ(found.grant, domain::GrantNumber::of(3, 12));
  EXPECT_EQ(found.receipt.arrival, 12U);
  EXPECT_EQ(found.receipt.decided_at, base::Instant{5000});
  EXPECT_EQ(found.receipt.opens_at, base::Instant{4000});
  EXPECT_EQ(found.receipt.remaining, 2);
  EXPECT_EQ(found.seats.activity_id, activity);
  EXPECT_EQ(found.seats.version, (app::GateVersion{3, 9}));
  EXPECT_EQ(found.seats.used, 8);
  EXPECT_EQ(found.seats.capacity, 10);
  EXPECT_FALSE(found.again);
}

TEST(Decision, tells_how_long_ago_a_seat_came_back) {
  const auto back_since = [](const std::string& answer) {
    return std::get<app::Granted>(*read_one(decisions(answer))).back_since;
  };
  EXPECT_FALSE(back_since(granted));
  EXPECT_EQ(back_since("g" + counts + pack({4200})), base::Milliseconds(800));
  EXPECT_EQ(back_since("a" + pack({7, 4444, 5}) + counts + pack({4999})), base::Milliseconds(1));
  EXPECT_EQ(back_since("g" + counts + pack({5600})), base::Milliseconds(0)) << "the clock has gone back";
}

TEST(Decision, is_granted_again_with_its_first_receipt) {
  const auto read = read_one(decisions(granted_again));
  ASSERT_TRUE(read);
  const auto& found = std::get<app::Granted>(*read);
  EXPECT_TRUE(found.again);
  EXPECT_EQ(found.grant, domain::GrantNumber::of(3, 12));
  EXPECT_EQ(found.receipt.arrival, 7U);
  EXPECT_EQ(found.receipt.decided_at, base::Instant{4444});
  EXPECT_EQ(found.receipt.opens_at, base::Instant{4000});
  EXPECT_EQ(found.receipt.remaining, 5);
  EXPECT_EQ(found.seats.version, (app::GateVersion{3, 9}));
}

TEST(Decision, is_lost_or_a_conflict_in_one_letter) {
  EXPECT_TRUE(std::holds_alternative<app::GateLost>(*read_one(decisions("l"))));
  const auto conflict = read_one(decisions("c"));
  ASSERT_TRUE(conflict.is_refused());
  EXPECT_EQ(conflict.refused().code, base::Code::idempotency_conflict);
}

TEST(Decision, is_refused_with_every_violation_the_weightiest_first) {
  const auto read = read_one(
      decisions(refused("S4500 1" + name('t', 2) + "0" + "U4 5 0" + "A2 2 1" + name('b', 1) + "1" + "N4000 ")));
  ASSERT_TRUE(read);
  const auto& refused = std::get<app::GateRefused>(*read);
  EXPECT_EQ(refused.refusal.receipt.arrival, 12U);
  EXPECT_EQ(refused.refusal.receipt.remaining, 2);
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
  const auto read = read_one(decisions(refused("C9000 S- 0")));
  ASSERT_TRUE(read);
  const auto& violations = std::get<app::GateRefused>(*read).refusal.violations;
  EXPECT_EQ(std::get<domain::Closed>(violations.at(0)).closed_at, base::Instant{9000});
  EXPECT_EQ(std::get<domain::SoldOut>(violations.at(1)).sold_out_at, std::nullopt);
}

TEST(Decision, of_an_activity_with_more_seats_used_than_it_has_leaves_none) {
  EXPECT_EQ(
      std::get<app::GateRefused>(*read_one(decisions("r" + pack({9, 11, 10}) + "S- 0;"))).refusal.receipt.remaining, 0);
}

/// Ids may hold any byte, those that stand for something elsewhere too.
TEST(Decision, reads_ids_of_any_bytes) {
  const std::string id = "; 0\n\r\0gracl1 b;t"s;
  ASSERT_EQ(id.size(), 16U);
  const auto read = read_all(refused("b" + id + "0t" + id + "1") + granted, 2);
  ASSERT_TRUE(read[0] && read[1]);
  const auto& violations = std::get<app::GateRefused>(*read[0]).refusal.violations;
  EXPECT_EQ(std::get<domain::AlreadyBooked>(violations[0]).booking_id, base::BookingId::from_raw(id));
  EXPECT_EQ(std::get<domain::Overlaps>(violations[1]).activity_id, base::ActivityId::from_raw(id));
  EXPECT_EQ(std::get<app::Granted>(*read[1]).receipt.arrival, 13U);
}

TEST(Decisions, of_one_call_are_read_in_order_and_numbered_without_conflicts_and_the_unknown) {
  const auto read = read_all(granted + "cl" + refused("C9000 ") + granted_again, 5);
  ASSERT_EQ(read.size(), 5U);
  EXPECT_EQ(std::get<app::Granted>(*read[0]).receipt.arrival, 12U);
  EXPECT_TRUE(read[1].is_refused());
  EXPECT_TRUE(std::holds_alternative<app::GateLost>(*read[2]));
  EXPECT_EQ(std::get<app::GateRefused>(*read[3]).refusal.receipt.arrival, 13U);
  EXPECT_EQ(std::get<app::Granted>(*read[4]).grant, domain::GrantNumber::of(3, 14));
}

TEST(Decisions, of_a_lost_gate_are_all_lost) {
  for (const auto& read : read_decisions(Reply::of_text("lost"), {activity, activity})) {
    EXPECT_TRUE(std::holds_alternative<app::GateLost>(*read));
  }
}

TEST(Decisions, are_all_unknown_where_one_is_unreadable_or_there_are_more_or_fewer) {
  for (const std::string& answers : {granted + "x", "x" + granted, granted, granted + granted + granted, ""s}) {
    for (const auto& read : read_all(answers, 2)) EXPECT_TRUE(read.is_unknown()) << answers;
  }
}

TEST(Decisions, that_end_early_are_unknown) {
  const std::string whole = decisions(granted + refused(name('b', 1) + "1S4500 0") + granted_again).text();
  const std::vector<base::ActivityId> wished(3, activity);
  ASSERT_TRUE(read_decisions(Reply::of_text(whole), wished)[2]);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(read_decisions(Reply::of_text(whole.substr(0, length)), wished)[0].is_unknown()) << length;
  }
}

TEST(Decision, with_a_violation_that_nobody_knows_is_unknown) {
  EXPECT_TRUE(read_one(decisions(refused(""))).is_unknown()) << "a refusal names a rule";
  for (const std::string& violation :
       {"C"s, "Cx "s, "C-1 "s, "N"s, "N- "s, "b1"s, name('b', 1), name('b', 1) + "2", name('t', 1), name('a', 1) + "1",
        "S"s, "Sx 0"s, "S- "s, "S1 2"s, "A2 2"s, "A2 2 x"s, "Ux 2 0"s, "U2 x 0"s, "I3 4"s}) {
    EXPECT_TRUE(read_one(decisions(refused(violation))).is_unknown()) << violation;
  }
}

TEST(Numbers, are_packed_as_gate_lua_packs_them) {
  EXPECT_EQ(pack({1}), "\x3f\xf0\0\0\0\0\0\0"s);
  EXPECT_EQ(pack({0}), std::string(8, '\0'));
  EXPECT_EQ(pack(domain::GrantNumber::of(3, 7)), pack({3, 7}));
  const std::uint64_t largest = (std::uint64_t{1} << 40U) - 1;
  EXPECT_EQ(std::get<app::Granted>(*read_one(Reply::of_text(pack({3, 5000, 4000, largest - 1}) + granted))).grant,
            domain::GrantNumber::of(3, largest));
}

TEST(Numbers, that_are_negative_broken_or_too_large_are_unknown) {
  const std::string minus_one = "\xbf\xf0\0\0\0\0\0\0"s;
  const std::string half = "\x3f\xe0\0\0\0\0\0\0"s;
  const std::string not_a_number = "\x7f\xf8\0\0\0\0\0\0"s;
  const std::string infinite = "\x7f\xf0\0\0\0\0\0\0"s;
  for (const std::string& odd : {minus_one, half, not_a_number, infinite, pack({std::uint64_t{1} << 54U})}) {
    EXPECT_TRUE(read_one(decisions("g" + odd + pack({8, 10}) + never_back)).is_unknown());
    EXPECT_TRUE(read_one(decisions("g" + counts + odd)).is_unknown());
    EXPECT_TRUE(read_one(Reply::of_text(odd + pack({5000, 4000, 11}) + granted)).is_unknown());
  }
}

TEST(Numbers, of_seats_beyond_an_int_are_unknown) {
  const std::uint64_t most = 2'147'483'647;
  EXPECT_TRUE(read_one(decisions("g" + pack({9, most, most}) + never_back)).is_done());
  EXPECT_TRUE(read_one(decisions("g" + pack({9, 1, most + 1}) + never_back)).is_unknown());
  EXPECT_TRUE(read_one(decisions("r" + pack({9, most + 1, 10}) + "S- 0;")).is_unknown());
  EXPECT_TRUE(read_one(decisions("a" + pack({7, 4444, most + 1}) + counts + never_back)).is_unknown());
  EXPECT_TRUE(read_one(decisions(refused("A2147483648 2 0"))).is_unknown());
  EXPECT_TRUE(read_seats(array({"seats", 3, 5000, 77, name('t', 1) + "9 8 2147483648 2 1"})).is_unknown());
  EXPECT_TRUE(read_seats(array({"seats", 3, 5000, 77, name('t', 1) + "9 8 10 2 2147483648"})).is_unknown());
}

TEST(Seats, are_read_row_by_row) {
  const std::vector<Part> parts{"seats", 3, 5000, 77, name('t', 1) + "9 8 10 2 1", name('t', 2) + "1 0 5 0 0"};
  const auto read = read_seats(array(parts));
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->version, (app::GateVersion{3, 77}));
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
  EXPECT_TRUE((*read_seats(array({"seats", 3, 5000, 0})))->activities.empty());
}

TEST(Version, is_read_where_the_gate_is_of_this_redis) {
  const auto read = [](const Reply& reply) { return read_version(reply, "run"); };
  EXPECT_EQ(*read(array({"run", "3", "77"})), (app::GateVersion{3, 77}));
  EXPECT_EQ(*read(array({"another", "3", "77"})), std::nullopt);
  EXPECT_EQ(*read(Reply::of_array({Reply(), Reply(), Reply()})), std::nullopt) << "there is no gate";
  EXPECT_EQ(*read_version(Reply::of_array({Reply(), Reply(), Reply()}), ""), std::nullopt) << "nor was there a Redis";
  for (const auto& odd : {array({"run", "3"}), array({"run", "3", "x"}), array({"run", "x", "77"}), part("run")}) {
    EXPECT_TRUE(read(odd).is_unknown());
  }
  expect_no_answers<std::optional<app::GateVersion>>(read);
}

TEST(Holders, are_read_row_by_row) {
  const std::vector<Part> parts{"holders",
                                3,
                                9,
                                4500,
                                name('b', 1) + name('a', 2) + "p" + pack({3, 7}),
                                name('b', 2) + name('a', 1) + "c" + pack({3, 0})};
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
  const std::vector<Part> parts{"expired", name('t', 1) + name('b', 2) + pack({3, 7})};
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

std::vector<app::LateGrant> late_grants(const Reply& reply, const std::vector<std::uint64_t>& bookings) {
  std::vector<domain::BookingWish> wishes;
  wishes.reserve(bookings.size());
  for (const std::uint64_t booking : bookings) wishes.push_back(test::sample_wish(booking, 1, booking));
  return read_late_grants(reply, wishes);
}

TEST(LateGrants, are_the_new_holds_each_with_its_newest_grant) {
  const auto found = late_grants(decisions(granted + refused("S- 0") + granted_again + granted_again), {1, 2, 3, 1});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].wish.id, id_of<base::BookingId>(1));
  EXPECT_EQ(found[0].grant, domain::GrantNumber::of(3, 15)) << "of the second time that it was wished for";
}

TEST(LateGrants, are_none_in_an_answer_that_grants_nothing) {
  EXPECT_TRUE(late_grants(decisions(granted_again), {1}).empty()) << "an earlier call may have booked it";
  EXPECT_TRUE(late_grants(Reply::of_text("lost"), {1}).empty());
  EXPECT_TRUE(late_grants(Reply::of_error("ERR no such function"), {1}).empty());
  EXPECT_TRUE(late_grants(Reply::of_text("unreadable"), {1}).empty());
}

}  // namespace
}  // namespace zl::redis

// Users and their attendees on a real MariaDB.
#include "store/mysql/people_store.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include "base/limits.hpp"
#include "store/mysql/attendee_facts.hpp"
#include "store/mysql/group_reader.hpp"
#include "store/mysql/sql.hpp"
#include "store_harness.hpp"

namespace zl::test {
namespace {

using base::Code;
using base::Outcome;
using mysql::sql;
using Facts = Outcome<std::optional<app::AttendeeFacts>>;
using FactsReader = mysql::GroupReader<base::AttendeeId, app::AttendeeFacts>;

const std::optional<app::AttendeeFacts> nobody;

class PeopleStoreTest : public StoreTest {
 protected:
  domain::Attendee child(std::string name = "小明") {
    using std::chrono::May;
    domain::Attendee attendee;
    attendee.id = new_id<base::AttendeeId>();
    attendee.name = std::move(name);
    attendee.birth_date = std::chrono::year(2017) / May / 4;
    attendee.notes = "花生过敏";
    return attendee;
  }
  domain::Attendee child_of(const base::UserId& user) {
    return wait(store_->create_attendee(user, child(), admin_, std::nullopt)).value().value;
  }
  void add_guardian(const base::UserId& user, const domain::Attendee& attendee) {
    connection_.execute(sql(
        "INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) VALUES (?, ?, 2, ?, "
        "?, 0)",
        user, attendee.id, attendee.name, attendee.birth_date));
  }
  base::BookingId book(const base::UserId& user, const domain::Attendee& attendee) {
    domain::Activity activity;
    activity.id = new_id<base::ActivityId>();
    activity.programme_id = new_id<base::ProgrammeId>();
    return a_booking(activity, user, attendee.id);
  }

  /// The answers of these calls, all of which have begun when held_pool_ begins to work.
  std::vector<Facts> all_once_all_have_come(std::vector<asio::awaitable<Facts>> calls) {
    std::promise<void> all_have_come;
    const auto hold = [&](mysql::Connection&) -> Facts {
      all_have_come.get_future().wait();
      return nobody;
    };
    calls.insert(calls.begin(), held_pool_.read(hold));
    calls.push_back(release(all_have_come));
    std::vector<Facts> answers = all(std::move(calls));
    return {std::next(answers.begin()), std::prev(answers.end())};
  }

  static asio::awaitable<Facts> release(std::promise<void>& promise) {
    promise.set_value();
    co_return nobody;
  }

  std::uint64_t selects() {
    return number(
        "SELECT CAST(variable_value AS UNSIGNED) FROM information_schema.global_status "
        "WHERE variable_name = 'com_select'");
  }

  mysql::ConnectionPool held_pool_{{serving_config(), 1, 2048, 120'000}, clock_, random_, metrics_};
  std::unique_ptr<app::PeopleStore> store_ = mysql::create_people_store(pool_, random_);
};

TEST_F(PeopleStoreTest, signs_the_same_user_in_again) {
  const domain::User first = wait(store_->sign_in("openid-again", "妈妈")).value();
  const domain::User again = wait(store_->sign_in("openid-again", "")).value();
  const domain::User renamed = wait(store_->sign_in("openid-again", "爸爸")).value();

  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(again.nickname, "妈妈");
  EXPECT_EQ(renamed.id, first.id);
  EXPECT_EQ(wait(store_->find_user(first.id)).value()->nickname, "爸爸");
  EXPECT_EQ(audit_rows(first.id.bytes, "user.create"), 1U);
  EXPECT_FALSE(wait(store_->find_user(new_id<base::UserId>())).value().has_value());
}

TEST_F(PeopleStoreTest, makes_one_user_of_one_openid_signed_in_side_by_side) {
  const std::string openid = "openid-race";
  std::vector<asio::awaitable<Outcome<domain::User>>> calls;
  calls.reserve(40);
  for (int i = 0; i < 40; ++i) calls.push_back(store_->sign_in(openid, openid));

  const auto users = all(std::move(calls));

  for (const auto& user : users) EXPECT_EQ(user->id, users.front()->id);
  EXPECT_EQ(audit_rows(users.front()->id.bytes, "user.create"), 1U);
}

TEST_F(PeopleStoreTest, signs_a_crowd_in_at_once) {
  std::vector<std::string> openids(1000);
  for (std::size_t i = 0; i < openids.size(); ++i) openids[i] = "crowd-" + std::to_string(i);
  std::vector<asio::awaitable<Outcome<domain::User>>> calls;
  calls.reserve(openids.size());
  for (const std::string& openid : openids) calls.push_back(store_->sign_in(openid, openid));

  const auto users = all(std::move(calls));

  EXPECT_TRUE(std::ranges::all_of(users, [](const auto& user) { return user.is_done(); }));
  EXPECT_EQ(number("SELECT COUNT(*) FROM users WHERE openid LIKE 'crowd-%'"), 1000U);
}

TEST_F(PeopleStoreTest, tells_a_crowd_each_of_its_own_attendee) {
  constexpr std::size_t crowd = 400;
  std::vector<base::UserId> users;
  std::vector<domain::Attendee> attendees;
  for (std::size_t i = 0; i < crowd; ++i) {
    users.push_back(a_user());
    attendees.push_back(child("child " + std::to_string(i)));
    domain::Attendee& attendee = attendees.back();
    attendee.birth_date += std::chrono::years(static_cast<int>(i % 10));
    connection_.execute(sql("INSERT INTO attendees (id, name, birth_date, created_at) VALUES (?, ?, ?, 0)", attendee.id,
                            attendee.name, attendee.birth_date));
    if (i % 3 != 2) add_guardian(users.back(), attendee);
    if (i % 3 == 1) add_guardian(users.front(), attendee);
  }
  connection_.execute(sql("UPDATE attendees SET deleted = 1 WHERE id = ?", attendees.front().id));
  FactsReader reader(held_pool_, mysql::read_facts, {.reads_at_once = 1, .ids_at_once = 500});
  std::vector<asio::awaitable<Facts>> calls;
  for (int time = 0; time < 5; ++time) {
    for (const domain::Attendee& attendee : attendees) calls.push_back(reader.read(attendee.id));
    calls.push_back(reader.read(new_id<base::AttendeeId>()));
  }
  const std::uint64_t before = selects();

  const std::vector<Facts> answers = all_once_all_have_come(std::move(calls));

  EXPECT_LE(selects() - before, 8U) << "statements, for " << answers.size() << " calls";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::size_t place = i % (crowd + 1);
    ASSERT_TRUE(answers[i].is_done());
    ASSERT_EQ(answers[i]->has_value(), place != 0 && place != crowd) << place;
    if (!answers[i]->has_value()) continue;
    const app::AttendeeFacts& facts = **answers[i];
    EXPECT_EQ(facts.id, attendees[place].id);
    EXPECT_EQ(facts.birth_date, attendees[place].birth_date);
    std::vector<base::UserId> guardians;
    if (place % 3 != 2) guardians.push_back(users[place]);
    if (place % 3 == 1) guardians.push_back(users.front());
    std::ranges::sort(guardians);
    EXPECT_EQ(facts.guardians, guardians) << place;
  }
}

TEST_F(PeopleStoreTest, refuses_who_waits_for_an_attendee_beyond_the_bound) {
  FactsReader reader(held_pool_, mysql::read_facts, {.reads_at_once = 1, .ids_at_once = 4, .waiting = 10});
  std::vector<asio::awaitable<Facts>> calls;
  calls.reserve(20);
  for (int i = 0; i < 20; ++i) calls.push_back(reader.read(new_id<base::AttendeeId>()));

  const std::vector<Facts> answers = all_once_all_have_come(std::move(calls));

  EXPECT_EQ(std::ranges::count_if(answers, [](const Facts& answer) { return answer.is_done(); }), 11);
  EXPECT_EQ(std::ranges::count_if(
                answers,
                [](const Facts& answer) { return answer.is_refused() && answer.refused().code == Code::overloaded; }),
            9);
}

TEST_F(PeopleStoreTest, refuses_a_crowd_at_once_while_mysql_is_gone) {
  mysql::ConnectionConfig nowhere = serving_config();
  nowhere.address = "unix:///nowhere/mysql.sock";
  mysql::ConnectionPool pool({nowhere, 1, 2048, 120'000}, clock_, random_, metrics_);
  FactsReader reader(pool, mysql::read_facts, {.reads_at_once = 1, .ids_at_once = 4});
  for (int time = 0; time < 2; ++time) {
    std::vector<asio::awaitable<Facts>> calls;
    calls.reserve(1000);
    for (int i = 0; i < 1000; ++i) calls.push_back(reader.read(new_id<base::AttendeeId>()));
    for (const Facts& answer : all(std::move(calls))) {
      ASSERT_TRUE(answer.is_refused());
      EXPECT_EQ(answer.refused().code, Code::unavailable);
    }
  }
}

TEST_F(PeopleStoreTest, keeps_a_users_attendees) {
  const base::UserId user = a_user();
  const domain::Attendee made = child_of(user);

  const std::vector<domain::Attendee> attendees = wait(store_->attendees_of(user)).value();
  const auto facts = wait(store_->facts(made.id)).value();

  ASSERT_EQ(attendees.size(), 1U);
  EXPECT_EQ(attendees[0].id, made.id);
  EXPECT_EQ(attendees[0].name, "小明");
  EXPECT_EQ(attendees[0].birth_date, made.birth_date);
  EXPECT_EQ(attendees[0].notes, "花生过敏");
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->birth_date, made.birth_date);
  EXPECT_EQ(facts->guardians, std::vector{user});
  EXPECT_EQ(change_rows(made.id.bytes), 0U);
  EXPECT_FALSE(wait(store_->facts(new_id<base::AttendeeId>())).value().has_value());
}

TEST_F(PeopleStoreTest, leaves_no_childs_data_in_the_audit) {
  const base::UserId user = a_user();
  domain::Attendee attendee = child_of(user);
  attendee.name = "小红";
  attendee.notes = "";
  ASSERT_TRUE(wait(store_->update_attendee(user, attendee, 1, admin_)).is_done());

  EXPECT_EQ(audit_detail(attendee.id.bytes, "attendee.create"), R"({"user_id":")" + user.hex() + R"("})");
  EXPECT_EQ(audit_detail(attendee.id.bytes, "attendee.update"), R"({"changed":["name","notes"]})");
}

TEST_F(PeopleStoreTest, refuses_the_same_child_twice_and_one_too_many) {
  const base::UserId user = a_user();
  const domain::Attendee first = child_of(user);
  const auto twice = wait(store_->create_attendee(user, child(), admin_, std::nullopt));
  EXPECT_EQ(twice.refused().code, Code::invalid_request);
  EXPECT_EQ(twice.refused().fields.at(0).pointer, "/name");

  for (std::size_t i = 1; i < base::limits::attendees_per_user; ++i) {
    const std::string name = "孩子" + std::to_string(i);
    ASSERT_TRUE(wait(store_->create_attendee(user, child(name), admin_, std::nullopt)).is_done());
  }
  EXPECT_EQ(wait(store_->create_attendee(user, child("多"), admin_, std::nullopt)).refused().code, Code::invalid_state);
  EXPECT_EQ(wait(store_->attendees_of(user)).value().size(), base::limits::attendees_per_user);
  EXPECT_EQ(wait(store_->create_attendee(new_id<base::UserId>(), child(), admin_, std::nullopt)).refused().code,
            Code::not_found);
}

TEST_F(PeopleStoreTest, counts_attendees_that_are_made_side_by_side) {
  const base::UserId user = a_user();
  std::vector<domain::Attendee> wishes(20);
  for (std::size_t i = 0; i < wishes.size(); ++i) wishes[i] = child("孩子" + std::to_string(i));
  std::vector<asio::awaitable<Outcome<app::Created<domain::Attendee>>>> calls;
  calls.reserve(wishes.size());
  for (const domain::Attendee& wish : wishes) {
    calls.push_back(store_->create_attendee(user, wish, admin_, std::nullopt));
  }

  all(std::move(calls));

  EXPECT_EQ(wait(store_->attendees_of(user)).value().size(), base::limits::attendees_per_user);
}

TEST_F(PeopleStoreTest, gives_the_first_attendee_again_for_the_same_mark) {
  const base::UserId user = a_user();
  app::CreationMark mark;
  random_.fill(mark.key);
  const domain::Attendee first = child();
  ASSERT_FALSE(wait(store_->create_attendee(user, first, admin_, mark)).value().earlier);
  const auto again = wait(store_->create_attendee(user, child(), admin_, mark));
  EXPECT_TRUE(again->earlier);
  EXPECT_EQ(again->value.id, first.id);
}

TEST_F(PeopleStoreTest, changes_an_attendee_for_all_guardians) {
  const base::UserId mother = a_user();
  const base::UserId grandmother = a_user();
  domain::Attendee attendee = child_of(mother);
  add_guardian(grandmother, attendee);

  attendee.name = "小红";
  attendee.relation = domain::Relation::guardian;
  EXPECT_EQ(wait(store_->update_attendee(mother, attendee, 1, admin_)).value().version, 2U);

  const domain::Attendee seen = wait(store_->attendees_of(grandmother)).value().at(0);
  EXPECT_EQ(seen.name, "小红");
  EXPECT_EQ(seen.relation, domain::Relation::grandparent);
  EXPECT_EQ(seen.version, 2U);
  EXPECT_EQ(wait(store_->attendees_of(mother)).value().at(0).relation, domain::Relation::guardian);
  EXPECT_EQ(wait(store_->update_attendee(mother, attendee, 1, admin_)).refused().code, Code::version_mismatch);
  EXPECT_EQ(wait(store_->update_attendee(a_user(), attendee, 2, admin_)).refused().code, Code::not_found);
}

TEST_F(PeopleStoreTest, refuses_to_make_two_children_one_by_a_change) {
  const base::UserId user = a_user();
  child_of(user);
  domain::Attendee other = wait(store_->create_attendee(user, child("小红"), admin_, std::nullopt)).value().value;
  other.name = "小明";
  EXPECT_EQ(wait(store_->update_attendee(user, other, 1, admin_)).refused().fields.at(0).pointer, "/name");
  EXPECT_EQ(number(sql("SELECT version FROM attendees WHERE id = ?", other.id)), 1U);
}

TEST_F(PeopleStoreTest, a_birth_date_and_an_attendee_stand_while_bookings_are_active) {
  const base::UserId user = a_user();
  domain::Attendee attendee = child_of(user);
  const base::BookingId booking = book(user, attendee);

  attendee.notes = "";
  EXPECT_TRUE(wait(store_->update_attendee(user, attendee, 1, admin_)).is_done());
  attendee.birth_date = std::chrono::year(2016) / std::chrono::May / 4;
  EXPECT_EQ(wait(store_->update_attendee(user, attendee, 2, admin_)).refused().code, Code::invalid_state);
  EXPECT_EQ(wait(store_->delete_attendee(user, attendee.id, admin_)).refused().code, Code::invalid_state);

  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", booking));
  EXPECT_TRUE(wait(store_->update_attendee(user, attendee, 2, admin_)).is_done());
  EXPECT_TRUE(wait(store_->delete_attendee(user, attendee.id, admin_)).is_done());
}

TEST_F(PeopleStoreTest, deleting_an_attendee_waits_for_a_booking_on_its_way) {
  const base::UserId user = a_user();
  const domain::Attendee attendee = child_of(user);
  mysql::Transaction writer(connection_);
  const base::BookingId booking = book(user, attendee);
  std::thread committer([&] { commit_when_awaited(writer); });

  const auto refused = wait(store_->delete_attendee(user, attendee.id, admin_));
  committer.join();

  EXPECT_EQ(refused.refused().code, Code::invalid_state);
  EXPECT_EQ(wait(store_->attendees_of(user)).value().size(), 1U) << "the user is its guardian still";
  connection_.execute(sql("UPDATE bookings SET state = 4, active = NULL WHERE id = ?", booking));
  EXPECT_TRUE(wait(store_->delete_attendee(user, attendee.id, admin_)).is_done());
}

TEST_F(PeopleStoreTest, an_attendee_goes_with_the_last_guardian) {
  const base::UserId mother = a_user();
  const base::UserId grandmother = a_user();
  const domain::Attendee attendee = child_of(mother);
  add_guardian(grandmother, attendee);

  EXPECT_TRUE(wait(store_->delete_attendee(mother, attendee.id, admin_)).is_done());
  EXPECT_TRUE(wait(store_->attendees_of(mother)).value().empty());
  EXPECT_EQ(wait(store_->facts(attendee.id)).value()->guardians, std::vector{grandmother});
  EXPECT_EQ(wait(store_->delete_attendee(mother, attendee.id, admin_)).refused().code, Code::not_found);

  EXPECT_TRUE(wait(store_->delete_attendee(grandmother, attendee.id, admin_)).is_done());
  EXPECT_FALSE(wait(store_->facts(attendee.id)).value().has_value());
  EXPECT_EQ(number(sql("SELECT deleted FROM attendees WHERE id = ?", attendee.id)), 1U);
  EXPECT_EQ(change_rows(attendee.id.bytes), 2U);
}

}  // namespace
}  // namespace zl::test

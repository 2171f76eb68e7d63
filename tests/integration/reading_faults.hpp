// What the trials of calls share that only read: each of their statements fails once, in every way in which MySQL may
// fail it, or its answer breaks off. What is told is right and whole, or it is told that nothing can be told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "administration_faults.hpp"
#include "store/mysql/account_store.hpp"
#include "store/mysql/people_store.hpp"

namespace zl::test {

class ReadingFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    break_answers_off_too();
    ledger_ = mysql::create_booking_ledger(process().writers, *pool_);
    people_ = mysql::create_people_store(*pool_, random_);
    accounts_ = mysql::create_account_store(*pool_);
  }

  /// `is_right` expects it of an answer; a call has as many statements.
  template <class Call, class IsRight>
  void fail_each_statement_of(std::size_t statements, const Call& call, const IsRight& is_right) {
    fail_each_statement([&] { return a_reading(call, is_right); }, Follows::not_up, statements);
  }
  /// Of a transaction that ends when all is read: what fails at its end takes nothing away.
  template <class Call, class IsRight>
  void fail_each_statement_of_a_moment(std::size_t statements, const Call& call, const IsRight& is_right) {
    fail_each_statement(
        [&] {
          Trial trial = a_reading(call, is_right);
          trial.has_company = true;
          return trial;
        },
        Follows::not_up, statements);
  }

  app::LedgerItem booked(const base::ActivityId& activity, const base::UserId& user) {
    const app::LedgerItem item = an_item(activity, an_attendee(), user);
    EXPECT_TRUE(book(item).is_done());
    return item;
  }
  base::AttendeeId a_child_of(const std::vector<base::UserId>& guardians) {
    const base::AttendeeId child = an_attendee();
    for (const base::UserId& guardian : guardians) {
      db_.execute(
          sql("INSERT INTO guardianships (user_id, attendee_id, relation, name, birth_date, created_at) "
              "VALUES (?, ?, 1, ?, '2017-05-04', 0)",
              guardian, child, child.hex()));
    }
    return child;
  }

  template <class IdType>
  std::vector<IdType> ids(const std::string& statement) {
    std::vector<IdType> found;
    for (const mysql::Row row : db_.query(statement)) found.push_back(row.template id<IdType>(0));
    return found;
  }
  template <class Things>
  static auto ids_of(const Things& things) {
    std::vector<decltype(things.front().id)> ids;
    ids.reserve(things.size());
    for (const auto& thing : things) ids.push_back(thing.id);
    return ids;
  }

  std::unique_ptr<app::BookingLedger> ledger_;
  std::unique_ptr<app::PeopleStore> people_;
  std::unique_ptr<app::AccountStore> accounts_;
};

}  // namespace zl::test

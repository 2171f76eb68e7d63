// What the trials of statements share that stations, parents and the servers' own housekeeping run through the pool.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "statement_fault_trials.hpp"
#include "store/mysql/catalogue_store.hpp"

namespace zl::test {

using mysql::sql;

class AdministrationFaultsTest : public StatementFaultsTest {
 protected:
  void SetUp() override {
    StatementFaultsTest::SetUp();
    // On the pool's one connection.
    catalogue_ = mysql::create_catalogue_store(*pool_);
  }

  app::ProgrammeContent content() { return wait(catalogue_->load_programme(programme_)).value(); }

  /// Rows of the audit and of the change feed.
  template <class IdType>
  std::vector<std::uint64_t> records(const IdType& subject) {
    return {number(sql("SELECT COUNT(*) FROM audit WHERE subject = ?", subject)),
            number(sql("SELECT COUNT(*) FROM changes WHERE subject = ?", subject))};
  }
  std::vector<std::uint64_t> records_since(const base::ProgrammeId& subject, std::vector<std::uint64_t> before) {
    std::vector<std::uint64_t> found = records(subject);
    for (std::size_t i = 0; i < found.size(); ++i) found[i] -= before[i];
    return found;
  }

  template <class IdType>
  std::vector<std::uint64_t> records(const std::vector<IdType>& subjects) {
    return {number(sql("SELECT COUNT(*) FROM audit WHERE subject IN (?)", subjects)),
            number(sql("SELECT COUNT(*) FROM changes WHERE subject IN (?)", subjects))};
  }

  static std::vector<std::uint64_t> joined(std::vector<std::uint64_t> facts, const std::vector<std::uint64_t>& more) {
    facts.insert(facts.end(), more.begin(), more.end());
    return facts;
  }

  /// A call that names the version it knows, or a thing that it deletes: made again, it is told that this is past.
  template <class T>
  static Told told_once(const base::Outcome<T>& outcome, base::Code past, const std::function<Written()>& look) {
    if (!outcome.is_refused() || outcome.refused().code != past) return told(outcome);
    EXPECT_EQ(look(), Written::everything);
    return Told::done;
  }

  app::CreationMark a_mark() {
    app::CreationMark mark;
    mark.key = random_.next_id<base::BookingId>().bytes;
    return mark;
  }
  /// Created as the server does it: each call has an id of its own, and the mark tells that it is the same call.
  /// `create(id, mark)` calls the store; `facts(ids)` looks at all that may have been made.
  template <class IdType, class Create, class Facts>
  Trial a_creation(const Create& create, const Facts& facts, const std::vector<std::uint64_t>& after) {
    const auto ids = std::make_shared<std::vector<IdType>>(1, random_.next_id<IdType>());
    const auto look = [facts, ids, after] {
      return written(facts(*ids), std::vector<std::uint64_t>(after.size(), 0), after);
    };
    return Trial{[this, create, look, ids, mark = a_mark()] {
                   const bool was_there = look() == Written::everything;
                   ids->push_back(random_.next_id<IdType>());
                   const auto created = wait(create(ids->back(), mark));
                   if (created.is_done()) {
                     EXPECT_EQ(created->earlier, was_there);
                     EXPECT_EQ(created->value.id == ids->back(), !was_there);
                   }
                   return told(created);
                 },
                 look};
  }

  /// A call that changes nothing: what it is told is right, or it is told nothing. `is_right` expects it of a value.
  template <class Call, class IsRight>
  Trial a_reading(const Call& call, const IsRight& is_right) {
    const auto answered = std::make_shared<bool>(false);
    return Trial{[this, call, is_right, answered] {
                   const auto answer = wait(call());
                   if (answer.is_done()) is_right(answer.value());
                   *answered = *answered || answer.is_done();
                   return told(answer);
                 },
                 [this, answered, before = whole_database()] {
                   if (whole_database() != before) return Written::half;
                   return *answered ? Written::everything : Written::nothing;
                 }};
  }
  /// A sum of each table's rows.
  std::string whole_database() {
    std::string sums;
    for (const mysql::Row row : owner_.query("CHECKSUM TABLE " + tables_)) sums += row.text(0) + row.text(1) + '\n';
    return sums;
  }
  /// No session holds a row of the table.
  void expect_unlocked(const std::string& table) {
    EXPECT_NO_THROW(db_.query("SELECT 1 FROM " + table + " FOR UPDATE NOWAIT")) << table;
  }

  const app::Actor admin_{base::AccountId{{2}}, "town_admin", "10.0.0.1", "request"};
  std::unique_ptr<app::CatalogueStore> catalogue_;

 private:
  const std::string tables_ =
      db_.query("SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()")
          .front()
          .text(0);
};

}  // namespace zl::test

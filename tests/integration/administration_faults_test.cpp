// Every statement of what stations, parents and the servers' own housekeeping write fails once, in every way in which
// MySQL may fail it (statement_fault_trials.hpp says what has to hold).
#include <optional>

#include "statement_fault_trials.hpp"
#include "store/mysql/account_store.hpp"
#include "store/mysql/audit_seals.hpp"
#include "store/mysql/catalogue_store.hpp"
#include "store/mysql/message_claims.hpp"
#include "store/mysql/outbox.hpp"
#include "store/mysql/people_store.hpp"
#include "store/mysql/write.hpp"

namespace zl::test {
namespace {

using mysql::sql;

class AdministrationFaultsTest : public StatementFaultsTest {
 protected:
  void SetUp() override {
    StatementFaultsTest::SetUp();
    // On the pool's one connection.
    ledger_ = mysql::create_booking_ledger(process().writers, *pool_);
    catalogue_ = mysql::create_catalogue_store(*pool_);
    people_ = mysql::create_people_store(*pool_, random_);
    accounts_ = mysql::create_account_store(*pool_);
    sealer_ = mysql::create_audit_sealer(*pool_);
  }

  base::ActivityId an_activity_with_a_session() {
    const auto id = an_activity(10);
    db_.execute(sql("INSERT INTO sessions (id, activity_id, starts_at, ends_at, venue) VALUES (?, ?, 10, 20, '')",
                    random_.next_id<base::SessionId>(), id));
    return id;
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
  domain::Attendee a_child() {
    domain::Attendee child;
    child.id = random_.next_id<base::AttendeeId>();
    child.name = "小红";
    child.birth_date = base::Date{std::chrono::year{2017}, std::chrono::month{5}, std::chrono::day{4}};
    return child;
  }
  std::vector<std::uint64_t> facts(const base::AttendeeId& id) {
    return joined({number(sql("SELECT COUNT(*) FROM attendees WHERE id = ? AND deleted = 0", id)),
                   number(sql("SELECT COUNT(*) FROM guardianships WHERE attendee_id = ?", id))},
                  records(id));
  }

  app::AccountWithHash an_account() {
    app::AccountWithHash account;
    account.account.id = random_.next_id<base::AccountId>();
    account.account.username = account.account.id.hex();
    account.account.role = domain::Role::auditor;
    account.password_hash = "hash";
    return account;
  }
  std::vector<std::uint64_t> facts(const base::AccountId& id) {
    return joined({number(sql("SELECT COALESCE(SUM(version), 0) FROM accounts WHERE id = ?", id))}, records(id));
  }

  const app::Actor admin_{base::AccountId{{2}}, "town_admin", "10.0.0.1", "request"};
  std::unique_ptr<app::BookingLedger> ledger_;
  std::unique_ptr<app::CatalogueStore> catalogue_;
  std::unique_ptr<app::PeopleStore> people_;
  std::unique_ptr<app::AccountStore> accounts_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

TEST_F(AdministrationFaultsTest, OfAFence) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = an_item(an_activity(10));
        const std::vector<app::ExpiredHold> holds{{{item.wish.id, item.grant}, item.wish.activity_id}};
        return Trial{[this, holds] {
                       const auto fenced = wait(ledger_->fence(programme_, holds));
                       if (fenced.is_done()) EXPECT_FALSE(fenced.value().at(0).committed);
                       return told(fenced);
                     },
                     [this, item] {
                       return written({number(sql("SELECT COUNT(*) FROM activity_seats WHERE activity_id = ? AND "
                                                  "fence = ?",
                                                  item.wish.activity_id, item.grant))},
                                      {0}, {1});
                     }};
      },
      Follows::not_up, 4);
}

TEST_F(AdministrationFaultsTest, OfARebuiltImage) {
  constexpr std::string_view older_than_the_epoch =
      "SELECT COUNT(*) FROM activity_seats s JOIN programmes p ON p.id = s.programme_id "
      "WHERE p.id = ? AND s.fence < p.epoch << 40";
  const auto epoch = [this] { return number(sql("SELECT epoch FROM programmes WHERE id = ?", programme_)); };
  fail_each_statement(
      [&, this] {
        an_activity_with_a_session();
        const std::uint64_t before = epoch();
        return Trial{[&, this] {
                       const auto image = wait(ledger_->rebuild_image(programme_));
                       if (image.is_done()) EXPECT_EQ(image.value().epoch, epoch());
                       return told(image);
                     },
                     [&, this, before] {
                       return written({epoch() > before ? 1U : 0U, number(sql(older_than_the_epoch, programme_))},
                                      {0, 1}, {1, 0});
                     }};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfAChangedActivity) {
  fail_each_statement(
      [this] {
        const auto id = an_activity_with_a_session();
        const std::vector<domain::Activity> all = content().activities;
        domain::Activity activity = *std::ranges::find(all, id, &domain::Activity::id);
        activity.capacity = 12;
        activity.age_max = 14;
        const std::vector<std::uint64_t> before = records(programme_);
        const auto look = [this, id, before] {
          const std::uint64_t changes = records_since(programme_, before)[1];
          return written({number(sql("SELECT capacity FROM activity_seats WHERE activity_id = ?", id)),
                          number(sql("SELECT age_max FROM activities WHERE id = ?", id)), records(id)[0], changes},
                         {10, 12, 0, 0}, {12, 14, 1, 1});
        };
        return Trial{[this, activity, look] {
                       return told_once(wait(catalogue_->update_activity(activity, activity.version, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfAChangedProgramme) {
  an_activity_with_a_session();
  fail_each_statement(
      [this] {
        domain::Programme programme = content().programme;
        const int cap = programme.rules.max_per_user.value_or(0) % 5 + 1;
        programme.rules.max_per_user = cap;
        const std::vector<std::uint64_t> before = records(programme_);
        const auto look = [this, version = programme.version, before] {
          const std::uint64_t now = number(sql("SELECT version FROM programmes WHERE id = ?", programme_));
          return written(joined({now - version}, records_since(programme_, before)), {0, 0, 0}, {1, 1, 1});
        };
        return Trial{[this, programme, look] {
                       return told_once(wait(catalogue_->update_programme(programme, programme.version, admin_)),
                                        base::Code::version_mismatch, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfANewAttendee) {
  fail_each_statement(
      [this] {
        const base::UserId user = a_user();
        const domain::Attendee child = a_child();
        const app::CreationMark mark = a_mark();
        return Trial{
            [this, user, child, mark] { return told(wait(people_->create_attendee(user, child, admin_, mark))); },
            [this, id = child.id] { return written(facts(id), {0, 0, 0, 0}, {1, 1, 1, 0}); }};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfAnAttendeeWhoIsDeleted) {
  fail_each_statement(
      [this] {
        const base::UserId user = a_user();
        const domain::Attendee child = a_child();
        EXPECT_TRUE(wait(people_->create_attendee(user, child, admin_, std::nullopt)).is_done());
        const auto look = [this, id = child.id] { return written(facts(id), {1, 1, 1, 0}, {0, 0, 2, 1}); };
        return Trial{[this, user, id = child.id, look] {
                       return told_once(wait(people_->delete_attendee(user, id, admin_)), base::Code::not_found, look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfANewAccount) {
  fail_each_statement(
      [this] {
        const app::AccountWithHash account = an_account();
        const app::CreationMark mark = a_mark();
        return Trial{[this, account, mark] { return told(wait(accounts_->create(account, admin_, mark))); },
                     [this, id = account.account.id] { return written(facts(id), {0, 0, 0}, {1, 1, 1}); }};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfAChangedAccount) {
  fail_each_statement(
      [this] {
        app::AccountWithHash account = an_account();
        EXPECT_TRUE(wait(accounts_->create(account, admin_, std::nullopt)).is_done());
        account.account.blocked = true;
        const auto look = [this, id = account.account.id] { return written(facts(id), {1, 1, 1}, {2, 2, 2}); };
        return Trial{[this, account, look] {
                       return told_once(wait(accounts_->update(account, 1, admin_)), base::Code::version_mismatch,
                                        look);
                     },
                     look};
      },
      Follows::not_up);
}

TEST_F(AdministrationFaultsTest, OfASeal) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = an_item(an_activity(10));
        EXPECT_TRUE(book(item).is_done());
        owner_.execute("UPDATE audit_seals SET at = at - 60000");  // or a young one is enough
        Trial trial{[this] { return told(wait(sealer_->seal())); },
                    [this, id = item.wish.id] {
                      return written({number(sql("SELECT COUNT(*) FROM bookings b JOIN audit_seals s "
                                                 "ON s.chain_id = b.audit_chain AND s.seq >= b.audit_seq "
                                                 "WHERE b.id = ?",
                                                 id)),
                                      number("SELECT MAX(number) - COUNT(*) FROM audit_seals")},
                                     {0, 0}, {1, 0});
                    }};
        trial.in_steps = true;
        return trial;
      },
      Follows::not_up, 4);
}

TEST_F(AdministrationFaultsTest, OfAClaimedMessage) {
  fail_each_statement(
      [this] {
        const app::LedgerItem item = an_item(an_activity_with_a_session());
        EXPECT_TRUE(book(item).is_done());
        db_.execute("DELETE FROM outbox");
        mysql::Values rows;
        const auto kind = domain::MessageKind::booked;
        rows.row(mysql::outbox_id(item.wish.id, kind), kind, item.wish.id, item.wish.user_id, base::Instant{1},
                 domain::MessageState::queued);
        db_.execute(sql(mysql::insert_outbox, rows.fragment()));
        const auto look = [this, id = item.wish.id] {
          return written(
              {number(sql("SELECT attempts FROM outbox WHERE booking_id = ?", id)),
               number(sql("SELECT COUNT(*) FROM outbox WHERE booking_id = ? AND in_doubt_since IS NOT NULL", id))},
              {0, 0}, {1, 1});
        };
        return Trial{[this, id = item.wish.id, look] {
                       using Claimed = std::optional<app::ClaimedMessage>;
                       const auto claim = [this] {
                         return wait(pool_->write([](mysql::Write& write) -> base::Outcome<Claimed> {
                           return mysql::claim_message(write, "wx1");
                         }));
                       };
                       auto claimed = claim();
                       // A session that was lost may still have it, and commits it or lets it go.
                       const auto in_time = [end = std::chrono::steady_clock::now() + std::chrono::seconds(20)] {
                         return std::chrono::steady_clock::now() < end;
                       };
                       while (claimed.is_done() && !claimed.value() && look() != Written::everything && in_time()) {
                         claimed = claim();
                       }
                       if (claimed.is_done() && claimed.value()) {
                         EXPECT_EQ(claimed.value()->content.booking_id, id);
                       }
                       EXPECT_TRUE(!claimed.is_done() || look() == Written::everything);
                       return told(claimed);
                     },
                     look};
      },
      Follows::not_up);
}

}  // namespace
}  // namespace zl::test

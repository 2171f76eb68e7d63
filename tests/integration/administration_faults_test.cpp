// Every statement of what the servers' own housekeeping writes fails once, in every way in which MySQL may fail it
// (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "store/mysql/audit_seals.hpp"

namespace zl::test {
namespace {

class HousekeepingFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    ledger_ = mysql::create_booking_ledger(process().writers, *pool_);
    sealer_ = mysql::create_audit_sealer(*pool_);
  }

  std::unique_ptr<app::BookingLedger> ledger_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

TEST_F(HousekeepingFaultsTest, OfAFence) {
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

TEST_F(HousekeepingFaultsTest, OfARebuiltImage) {
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

TEST_F(HousekeepingFaultsTest, OfASeal) {
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

}  // namespace
}  // namespace zl::test

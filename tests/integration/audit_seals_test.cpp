// The audit's seals on a real MariaDB: each head that moved once, in one chain, by any number of processes; and what
// the serving account can't do to them, nor to the audit.
#include "store/mysql/audit_seals.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

#include "ledger_harness.hpp"

namespace zl::test {
namespace {

class AuditSealsTest : public LedgerTest {
 protected:
  void SetUp() override {
    owner_.execute("DELETE FROM audit_seals");
    LedgerTest::SetUp();
    config_.lanes = 1;  // of one chain
    activity_ = an_activity(100);
    sealer_ = mysql::create_audit_sealer(process().pool);
  }

  void book_one() { as<app::LedgerBooked>(book(an_item(activity_))); }
  std::optional<app::AuditSeal> seal() { return wait(sealer_->seal()).value(); }
  /// The newest seal becomes half a minute older, which its chain does not bear: only for counting.
  void let_half_a_minute_pass() { owner_.execute("UPDATE audit_seals SET at = at - 30000"); }
  std::uint64_t seals() { return number("SELECT COUNT(*) FROM audit_seals"); }

  base::ActivityId activity_;
  std::unique_ptr<app::AuditSealer> sealer_;
};

TEST_F(AuditSealsTest, TheFirstHasNothingToFollow) {
  book_one();
  const std::uint64_t chains = number("SELECT COUNT(DISTINCT chain_id) FROM audit");
  const auto sealed = seal();
  EXPECT_EQ(sealed.value().number, chains);
  const mysql::Rows rows = db_.query(
      "SELECT s.number, s.at, s.chain_id, s.seq, s.head, s.prev_seal, s.seal, a.hash FROM audit_seals s "
      "JOIN audit a USING (chain_id, seq) ORDER BY number");
  runtime::Digest before{};
  for (const mysql::Row row : rows) {
    const mysql::SealedHead head{row.u64(0), row.instant(1), row.id<base::ChainId>(2), row.u64(3),
                                 mysql::digest_of(row.text(4))};
    EXPECT_EQ(row.text(5), runtime::view(before));
    before = mysql::seal_hash(before, head);
    EXPECT_EQ(row.text(6), runtime::view(before));
    EXPECT_EQ(row.text(4), row.text(7));
  }
  EXPECT_EQ(sealed->hash, base::to_hex(runtime::view(before)));
}

TEST_F(AuditSealsTest, OnlyWhatMovedIsSealedAgain) {
  book_one();
  const std::uint64_t first = seal().value().number;
  let_half_a_minute_pass();
  EXPECT_EQ(seal().value().number, first) << "nothing has happened";
  book_one();
  book_one();
  let_half_a_minute_pass();
  EXPECT_EQ(seal().value().number, first + 1) << "one chain moved";
  EXPECT_EQ(number("SELECT MAX(seq) FROM audit_seals WHERE number > " + std::to_string(first)), 3U);
}

TEST_F(AuditSealsTest, AYoungSealIsEnoughForAllProcesses) {
  book_one();
  const auto mine = seal();
  book_one();
  const auto others = mysql::create_audit_sealer(process().pool);
  const auto theirs = wait(others->seal()).value();
  EXPECT_EQ(theirs->number, mine->number);
  EXPECT_EQ(theirs->hash, mine->hash);
}

TEST_F(AuditSealsTest, ManyAtOnceMakeOneChain) {
  for (int round = 0; round < 10; ++round) {
    book_one();
    let_half_a_minute_pass();
    auto a = start(sealer_->seal());
    auto b = start(sealer_->seal());
    ASSERT_TRUE(a.get().is_done());
    ASSERT_TRUE(b.get().is_done());
  }
  EXPECT_EQ(number("SELECT MAX(number) FROM audit_seals"), seals());
  EXPECT_EQ(number("SELECT COUNT(*) FROM audit_seals s JOIN audit_seals b ON b.number = s.number - 1 "
                   "WHERE s.prev_seal <> b.seal"),
            0U);
  EXPECT_EQ(number("SELECT COUNT(*) FROM (SELECT 1 FROM audit_seals GROUP BY chain_id, seq HAVING COUNT(*) > 1) AS d"),
            0U);
}

TEST_F(AuditSealsTest, MoreChainsThanOneReadGivesAreAllSealed) {
  owner_.execute(
      "INSERT INTO audit (chain_id, seq, at, actor_id, actor_role, action, subject, detail, prev_hash, hash) "
      "SELECT UNHEX(MD5(seq)), 1, 0, '', 'system', 'test', '', '{}', '', UNHEX(SHA2(seq, 256)) FROM seq_1_to_1200");
  seal();
  EXPECT_EQ(seals(), number("SELECT COUNT(DISTINCT chain_id) FROM audit"));
  owner_.execute("DELETE FROM audit WHERE action = 'test'");
}

TEST_F(AuditSealsTest, TheServingAccountCanAddToThemAndNothingElse) {
  mysql::Connection connection(serving().connection);
  for (const std::string table : {"audit", "audit_seals"}) {
    const std::string column = table == "audit" ? "detail" : "seq";
    const std::string statements[] = {
        "UPDATE " + table + " SET " + column + " = 1",
        "DELETE FROM " + table,
        "TRUNCATE TABLE " + table,
        "DROP TABLE " + table,
        "ALTER TABLE " + table + " ADD COLUMN more INT",
        "CREATE INDEX more ON " + table + " (" + column + ")",
        "CREATE TRIGGER more BEFORE INSERT ON " + table + " FOR EACH ROW SET NEW." + column + " = 1",
        "RENAME TABLE " + table + " TO more",
        "REPLACE INTO " + table + " SELECT * FROM " + table,
        "INSERT INTO " + table + " SELECT * FROM " + table + " ON DUPLICATE KEY UPDATE " + column + " = 1",
        "SELECT 1 FROM " + table + " INTO OUTFILE '/tmp/more'",
        "LOCK TABLES " + table + " WRITE",
        "GRANT DELETE ON " + table + " TO CURRENT_USER()",
    };
    connection.query("SELECT COUNT(*) FROM " + table);
    for (const std::string& statement : statements) {
      try {
        connection.execute(statement);
        ADD_FAILURE() << statement;
      } catch (const mysql::SqlError& error) {
        static const std::set<int> denied{1044, 1045, 1142, 1143, 1227};
        EXPECT_TRUE(denied.contains(error.code())) << statement << ": " << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace zl::test

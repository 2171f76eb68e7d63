// The hash chain of the audit: its canonical form, and what each end of a transaction does to it.
#include "store/mysql/audit_trail.hpp"

#include <gtest/gtest.h>

#include "support/counting_random.hpp"

namespace zl::mysql {
namespace {

AuditRecord a_record() {
  AuditRecord record;
  record.at = {1};
  record.actor_id = base::AccountId{{0x11}};
  record.actor_role = "user";
  record.action = "a";
  record.subject = {0x22};
  record.detail = "{}";
  record.address = "::1";
  record.request_id = "";
  return record;
}

std::string field(std::string_view bytes) {
  std::string out(3, '\0');
  out += static_cast<char>(bytes.size());
  out += bytes;
  return out;
}

TEST(AuditHash, IsOverTheHashBeforeAndEachFieldWithItsLength) {
  const base::ChainId chain{{0x33}};
  std::string bytes(32, '\0');
  bytes += field(chain.raw());
  bytes += field(std::string(7, '\0') + '\x01');
  bytes += field(std::string(7, '\0') + '\x01');
  bytes += field(base::AccountId{{0x11}}.raw());
  bytes += field("user") + field("a") + field(base::AccountId{{0x22}}.raw()) + field("{}") + field("::1") + field("");
  EXPECT_EQ(audit_hash({chain, 0, {}}, a_record()), runtime::sha256(bytes));
}

TEST(AuditHash, DiffersWhereTextMovesFromOneFieldToTheNext) {
  AuditRecord left = a_record();
  left.address = "12";
  left.request_id = "3";
  AuditRecord right = a_record();
  right.address = "1";
  right.request_id = "23";
  EXPECT_NE(audit_hash({}, left), audit_hash({}, right));
}

TEST(AuditTrail, GoesOnFromTheHeadAfterACommit) {
  test::CountingRandom random;
  AuditTrail trail(random);
  const AuditHead start{base::ChainId{{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}, 0, {}};
  const AuditHead second{start.chain_id, 1, audit_hash(start, a_record())};

  const std::string first_row = trail.append(a_record()).text;
  trail.committed();
  const std::string second_row = trail.append(a_record()).text;

  EXPECT_NE(first_row.find(literal(second.hash)), std::string::npos);
  EXPECT_TRUE(second_row.ends_with(literal(second.hash) + "," + literal(audit_hash(second, a_record())) + ")"));
}

TEST(AuditTrail, GoesBackToTheHeadAfterARollBack) {
  test::CountingRandom random;
  AuditTrail trail(random);
  const std::string row = trail.append(a_record()).text;
  trail.append(a_record());
  trail.rolled_back();
  EXPECT_EQ(trail.append(a_record()).text, row);
}

TEST(AuditTrail, BeginsANewChainWhereTheCommitIsUnknown) {
  test::CountingRandom random;
  AuditTrail trail(random);
  const std::string row = trail.append(a_record()).text;
  trail.lost();
  const std::string next = trail.append(a_record()).text;
  EXPECT_NE(next.substr(0, 40), row.substr(0, 40));
  EXPECT_NE(next.find("',1,"), std::string::npos);
}

}  // namespace
}  // namespace zl::mysql

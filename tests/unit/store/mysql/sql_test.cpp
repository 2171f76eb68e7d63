// Values become literals that cannot be read as anything else.
#include "store/mysql/sql.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace zl::mysql {
namespace {

using namespace std::chrono_literals;

TEST(Sql, NumbersAreWrittenInFullWidth) {
  EXPECT_EQ(literal(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(literal(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(literal(true), "1");
  EXPECT_EQ(literal(base::Instant{-5}), "-5");
  EXPECT_EQ(literal(domain::GrantNumber::of(1, 2)), "1099511627778");
  EXPECT_EQ(literal(domain::BookingState::cancelled), "4");
}

TEST(Sql, TextIsHexUnlessItIsPlainSoThatNothingInItIsSyntax) {
  EXPECT_EQ(literal("a b?\n{\"c\"}"), "_utf8mb4 'a b?\n{\"c\"}'");
  EXPECT_EQ(literal("\\"), "_utf8mb4 x'5c'");
  EXPECT_EQ(literal("a\r"), "_utf8mb4 x'610d'");
  EXPECT_EQ(literal("\x7f"), "_utf8mb4 x'7f'");
  EXPECT_EQ(literal("'; DROP"), "_utf8mb4 x'273b2044524f50'");
  EXPECT_EQ(literal(std::string("期\0?", 5)), "_utf8mb4 x'e69c9f003f'");
  EXPECT_EQ(literal(std::string()), "_utf8mb4 ''");
}

TEST(Sql, IdsAndBytesAreBinaryLiterals) {
  EXPECT_EQ(literal(base::UserId{{0x00, 0xff}}), "x'00ff0000000000000000000000000000'");
  EXPECT_EQ(literal(Bytes{"\x01"}), "x'01'");
  EXPECT_EQ(literal(Bytes{""}), "x''");
}

TEST(Sql, DatesArePadded) {
  EXPECT_EQ(literal(base::Date(2016y / 2 / 9)), "'2016-02-09'");
}

TEST(Sql, NothingIsNull) {
  EXPECT_EQ(literal(std::optional<int>()), "NULL");
  EXPECT_EQ(literal(std::optional<int>(3)), "3");
  EXPECT_EQ(literal(std::nullopt), "NULL");
}

TEST(Sql, ListsAreSeparatedByCommasAndAnEmptyOneMatchesNothing) {
  EXPECT_EQ(sql("id IN (?)", std::vector<int>{1, 2}), "id IN (1,2)");
  EXPECT_EQ(sql("id IN (?)", std::vector<int>()), "id IN (NULL)");
}

TEST(Sql, QuestionMarksInValuesAndFragmentsAreNotReplaced) {
  EXPECT_EQ(sql("a = ? AND ? AND b = ?", Bytes{"?"}, Fragment{"c = '?'"}, 2), "a = x'3f' AND c = '?' AND b = 2");
}

TEST(Sql, RowsOfAnInsertAreInParentheses) {
  Values rows;
  EXPECT_TRUE(rows.empty());
  rows.row(1, "");
  rows.row(2, std::nullopt);
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.fragment().text, "(1,_utf8mb4 ''),(2,NULL)");
}

TEST(SqlDeathTest, AStatementWithTooFewOrTooManyValuesEndsTheProcess) {
  EXPECT_DEATH(sql("a = ? AND b = ?", 1), "value for each");
  EXPECT_DEATH(sql("a = ?", 1, 2), "question mark for each");
}

}  // namespace
}  // namespace zl::mysql

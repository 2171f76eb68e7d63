// Cutting a migration file into its statements.
#include "store/mysql/migrations.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

using Statements = std::vector<std::string>;

TEST(SplitStatements, EndsAStatementAtEachSemicolon) {
  EXPECT_EQ(split_statements("A;\n  B 1\n;\n"), (Statements{"A", "B 1"}));
  EXPECT_EQ(split_statements("A"), Statements{"A"});
  EXPECT_EQ(split_statements(" ;; \n"), Statements{});
}

TEST(SplitStatements, LeavesSemicolonsInLiteralsAlone) {
  EXPECT_EQ(split_statements("A 'x; y''; z'; B `a;b`"), (Statements{"A 'x; y''; z'", "B `a;b`"}));
}

TEST(SplitStatements, DropsCommentsButNotDashesInLiterals) {
  EXPECT_EQ(split_statements("-- the user's; table\nA '-- b' -- end; of it\n;B"), (Statements{"A '-- b'", "B"}));
  EXPECT_EQ(split_statements("A; -- last"), Statements{"A"});
}

}  // namespace
}  // namespace zl::mysql

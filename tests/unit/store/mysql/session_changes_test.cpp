#include "store/mysql/session_changes.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

domain::Session session(std::uint8_t id, std::int64_t starts_ms, std::string venue = "教室") {
  return {base::SessionId{{id}}, {{starts_ms}, {starts_ms + 10}}, std::move(venue)};
}

TEST(SessionChanges, are_none_where_nothing_changed) {
  const SessionChanges changes = session_changes({session(1, 0), session(2, 20)}, {session(2, 20), session(1, 0)});
  EXPECT_TRUE(changes.added.empty() && changes.changed.empty() && changes.removed.empty());
  EXPECT_FALSE(changes.meetings_change);
}

TEST(SessionChanges, another_venue_is_no_other_meeting) {
  const SessionChanges changes = session_changes({session(1, 0)}, {session(1, 0, "礼堂")});
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_FALSE(changes.meetings_change);
}

TEST(SessionChanges, another_time_is_another_meeting) {
  const SessionChanges changes = session_changes({session(1, 0)}, {session(1, 5)});
  ASSERT_EQ(changes.changed.size(), 1U);
  EXPECT_TRUE(changes.meetings_change);
}

TEST(SessionChanges, go_by_id_when_sessions_come_and_go) {
  const SessionChanges changes = session_changes({session(1, 0), session(2, 20)}, {session(2, 20), session(3, 0)});
  ASSERT_EQ(changes.added.size(), 1U);
  EXPECT_EQ(changes.added[0].id, base::SessionId{{3}});
  EXPECT_EQ(changes.removed, std::vector{base::SessionId{{1}}});
  EXPECT_TRUE(changes.changed.empty());
  EXPECT_TRUE(changes.meetings_change);
}

}  // namespace
}  // namespace zl::mysql

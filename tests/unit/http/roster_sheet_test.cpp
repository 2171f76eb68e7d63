// The roster as a table: its order, its columns and what they say.
#include "http/roster_sheet.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <stdexcept>

#include "http/xlsx_file.hpp"
#include "support/samples.hpp"
#include "unit/server/temporary_folder.hpp"

namespace zl::http {
namespace {

using test::id_of;
using test::opening;

domain::Activity a_camp() {
  domain::Activity activity = test::sample_activity(1, 10);
  const base::Instant next_day = activity.first_start() + std::chrono::hours(24);
  activity.sessions.push_back({id_of<base::SessionId>(2), {next_day, next_day + std::chrono::hours(1)}, ""});
  return activity;
}

app::RosterEntry an_entry(std::uint64_t number, base::Instant booked_at, const std::string& name = "小明") {
  app::RosterEntry entry;
  entry.booking.id = id_of<base::BookingId>(number);
  entry.booking.created_at = booked_at;
  entry.attendee_name = name;
  entry.birth_date = *base::parse_date("2017-05-04");
  entry.nickname = "妈妈";
  return entry;
}

app::CheckIn a_check_in(std::uint64_t session, base::Instant at) {
  app::CheckIn check_in;
  check_in.session_id = id_of<base::SessionId>(session);
  check_in.at = at;
  return check_in;
}

RosterSheet a_sheet(Language language = Language::en) {
  return {a_camp(), language, test::town_offset_minutes};
}

std::vector<std::string> titles_of(const RosterSheet& sheet) {
  std::vector<std::string> titles;
  for (const SheetColumn& column : sheet.columns()) titles.push_back(column.title);
  return titles;
}

std::vector<std::vector<std::string>> rows_of(RosterSheet sheet) {
  std::vector<std::vector<std::string>> rows;
  sheet.each_row([&rows](const std::vector<std::string>& texts) { rows.push_back(texts); });
  return rows;
}

TEST(RosterSheet, has_a_column_for_each_session) {
  using Titles = std::vector<std::string>;
  EXPECT_EQ(titles_of(a_sheet()), (Titles{"name", "birth date", "guardian's nickname", "booked at", "booking id",
                                          "2026-07-20 10:00 一楼", "2026-07-21 10:00"}));
  EXPECT_EQ(titles_of(a_sheet(Language::zh)), (Titles{"姓名", "出生日期", "家长昵称", "预约时间", "预约编号",
                                                      "2026-07-20 10:00 一楼", "2026-07-21 10:00"}));
}

TEST(RosterSheet, says_when_who_came_by_the_towns_clock) {
  RosterSheet sheet = a_sheet();
  app::RosterEntry entry = an_entry(7, opening + base::Milliseconds(1999));
  // The last one is of a session that is not there.
  entry.attendance = {a_check_in(2, opening + std::chrono::hours(15)), a_check_in(3, opening)};
  sheet.add({entry});
  const std::vector<std::string> expected{
      "小明", "2017-05-04", "妈妈", "2026-07-06 09:00:01", entry.booking.id.hex(), "", "2026-07-07 00:00:00"};
  EXPECT_EQ(rows_of(sheet), (std::vector<std::vector<std::string>>{expected}));
}

TEST(RosterSheet, is_in_the_order_of_booking_then_of_ids) {
  RosterSheet sheet = a_sheet();
  const base::Instant later = opening + base::Milliseconds(1);
  sheet.add({an_entry(1, later, "d"), an_entry(3, opening, "b")});
  sheet.add({an_entry(2, opening, "a"), an_entry(4, opening, "c")});
  std::string names;
  for (const std::vector<std::string>& row : rows_of(sheet)) names += row[0];
  EXPECT_EQ(names, "abcd");
}

TEST(RosterSheet, becomes_csv_as_excel_wants_it) {
  RosterSheet sheet = a_sheet();
  sheet.add({an_entry(1, opening, "=1+1")});
  EXPECT_EQ(csv_of(sheet),
            "\xEF\xBB\xBFname,birth date,\"guardian's nickname\",booked at,booking id,2026-07-20 10:00 一楼,"
            "2026-07-21 10:00\r\n\"'=1+1\",2017-05-04,妈妈,2026-07-06 09:00:00,00000000000000000000000000000001,,\r\n");
}

TEST(RosterSheet, becomes_xlsx_and_leaves_nothing_behind) {
  const test::TemporaryFolder folder;
  RosterSheet sheet = a_sheet();
  sheet.add({an_entry(1, opening)});
  const std::string bytes = xlsx_of(sheet, folder.path("")).value();
  EXPECT_TRUE(bytes.starts_with("PK\x03\x04"));
  EXPECT_NE(bytes.find("xl/worksheets/sheet1.xml"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path("")));
}

TEST(RosterSheet, leaves_no_file_behind_open_or_named_where_its_making_ends_half_way) {
  const test::TemporaryFolder folder;
  const auto files_in = [](const std::filesystem::path& path) {
    return std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator());
  };
  const auto open_before = files_in("/proc/self/fd");
  const auto break_off = [](const TakeRow& take) {
    take({"小明"});
    throw std::runtime_error("broken off");
  };
  for (int i = 0; i < 3; ++i) EXPECT_THROW((void)xlsx_file(folder.path(""), "名单", {}, break_off), std::runtime_error);
  EXPECT_EQ(files_in("/proc/self/fd"), open_before);
  EXPECT_EQ(files_in(folder.path("")), 0);
}

TEST(RosterSheet, becomes_no_xlsx_where_there_is_no_room_for_it) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(xlsx_of(a_sheet(), folder.path("gone")).refused().code, base::Code::unavailable);
}

}  // namespace
}  // namespace zl::http

#include "http/roster_sheet.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "http/csv_text.hpp"
#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

constexpr Sentence sheet_name{"名单", "roster"};

constexpr std::pair<Sentence, double> fixed_columns[] = {{{"姓名", "name"}, 16},
                                                         {{"出生日期", "birth date"}, 12},
                                                         {{"家长昵称", "guardian's nickname"}, 20},
                                                         {{"预约时间", "booked at"}, 20},
                                                         {{"预约编号", "booking id"}, 36}};
constexpr double session_width = 24;

/// "2026-07-06 09:00:00"
std::string civil_second(base::Instant instant, int offset_minutes) {
  const std::string text = base::format_instant(instant, offset_minutes);
  return text.substr(0, 10) + " " + text.substr(11, 8);
}

/// "2026-07-06 09:00 一楼"
std::string title_of(const domain::Session& session, int offset_minutes) {
  std::string title = civil_second(session.time.starts_at, offset_minutes).substr(0, 16);
  if (!session.venue.empty()) title += " " + session.venue;
  return title;
}

}  // namespace

RosterSheet::RosterSheet(const domain::Activity& activity, Language language, int offset_minutes)
    : language_(language), offset_minutes_(offset_minutes), sessions_(activity.sessions) {}

void RosterSheet::add(std::vector<app::RosterEntry> entries) {
  for (app::RosterEntry& entry : entries) {
    Row row{entry.booking.id,          entry.booking.created_at,
            entry.birth_date,          std::move(entry.attendee_name),
            std::move(entry.nickname), std::vector<std::optional<base::Instant>>(sessions_.size())};
    for (const app::CheckIn& check_in : entry.attendance) {
      const auto session = std::ranges::find(sessions_, check_in.session_id, &domain::Session::id);
      if (session == sessions_.end()) continue;
      row.came[static_cast<std::size_t>(std::distance(sessions_.begin(), session))] = check_in.at;
    }
    rows_.push_back(std::move(row));
  }
}

std::string RosterSheet::name() const {
  return std::string(sheet_name.in(language_));
}

std::vector<SheetColumn> RosterSheet::columns() const {
  std::vector<SheetColumn> columns;
  for (const auto& [title, width] : fixed_columns) columns.push_back({std::string(title.in(language_)), width});
  for (const domain::Session& session : sessions_)
    columns.push_back({title_of(session, offset_minutes_), session_width});
  return columns;
}

void RosterSheet::sort() {
  std::ranges::sort(rows_, {}, [](const Row& row) { return std::tie(row.booked_at, row.id); });
}

std::vector<std::string> RosterSheet::texts_of(const Row& row) const {
  std::vector<std::string> texts{row.attendee_name, base::format_date(row.birth_date), row.nickname,
                                 civil_second(row.booked_at, offset_minutes_), row.id.hex()};
  for (const std::optional<base::Instant>& at : row.came) {
    texts.push_back(at ? civil_second(*at, offset_minutes_) : std::string());
  }
  return texts;
}

std::string csv_of(RosterSheet sheet) {
  std::string out(csv_mark);
  std::vector<std::string> titles;
  for (SheetColumn& column : sheet.columns()) titles.push_back(std::move(column.title));
  append_csv_row(titles, out);
  sheet.each_row([&out](const std::vector<std::string>& texts) { append_csv_row(texts, out); });
  return out;
}

base::Outcome<std::string> xlsx_of(RosterSheet sheet, const std::filesystem::path& folder) {
  return xlsx_file(folder, sheet.name(), sheet.columns(), [&sheet](const TakeRow& take) { sheet.each_row(take); });
}

}  // namespace zl::http

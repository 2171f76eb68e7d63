// An activity's roster as people keep it: a row for each confirmed booking, a column for each session.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/attendance_store.hpp"
#include "base/outcome.hpp"
#include "domain/catalogue.hpp"
#include "http/request.hpp"
#include "http/xlsx_file.hpp"

namespace zl::http {

/// Holds about as many rows as the capacity allows (seats change hands while pages are read), and of each booking only
/// what is shown. All instants are the town's civil time.
class RosterSheet {
 public:
  RosterSheet(const domain::Activity& activity, Language language, int offset_minutes);

  /// Entries in any order. What they say of sessions that the activity does not have is left out.
  void add(std::vector<app::RosterEntry> entries);

  std::vector<SheetColumn> columns() const;

  /// Calls `take` with the texts of each row, by time of booking, then id.
  template <class Take>
  void each_row(const Take& take) {
    sort();
    for (const Row& row : rows_) take(texts_of(row));
  }

  /// "名单"
  std::string name() const;

 private:
  struct Row {
    base::BookingId id;
    base::Instant booked_at;
    base::Date birth_date{};
    std::string attendee_name;
    std::string nickname;
    std::vector<std::optional<base::Instant>> came;  ///< one for each session
  };

  void sort();
  std::vector<std::string> texts_of(const Row& row) const;

  const Language language_;
  const int offset_minutes_;
  std::vector<domain::Session> sessions_;
  std::vector<Row> rows_;
};

/// UTF-8 with its mark, lines end in CRLF. See csv_text.hpp.
std::string csv_of(RosterSheet sheet);
/// See xlsx_file().
base::Outcome<std::string> xlsx_of(RosterSheet sheet, const std::filesystem::path& folder);

}  // namespace zl::http

#include "store/mysql/rows.hpp"

#include <charconv>

#include "base/invariant.hpp"

namespace zl::mysql {
namespace {

template <class N>
N number(const std::string& text) {
  N value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  base::invariant(result.ec == std::errc() && result.ptr == end, "a column that is read as a number holds one");
  return value;
}

}  // namespace

const std::string& Row::text(std::size_t column) const {
  base::invariant(cells_[column].has_value(), "a column that is read as a value is not NULL");
  return *cells_[column];
}

std::uint64_t Row::u64(std::size_t column) const {
  return number<std::uint64_t>(text(column));
}

std::int64_t Row::i64(std::size_t column) const {
  return number<std::int64_t>(text(column));
}

base::Date Row::date(std::size_t column) const {
  const auto date = base::parse_date(text(column));
  base::invariant(date.has_value(), "a column that is read as a date holds one");
  return *date;
}

}  // namespace zl::mysql

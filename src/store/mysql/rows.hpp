// A result as a value: read whole, so that no cursor is left open on the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"

namespace zl::mysql {

/// One row; columns count from 0. A getter of a NULL, or of a value that isn't of its type, ends the process unless its
/// name says `maybe`: the statements are ours, so that is a bug.
class Row {
 public:
  explicit Row(const std::optional<std::string>* cells) : cells_(cells) {}

  bool is_null(std::size_t column) const { return !cells_[column]; }
  std::uint64_t u64(std::size_t column) const;
  std::int64_t i64(std::size_t column) const;
  int integer(std::size_t column) const { return static_cast<int>(i64(column)); }
  bool flag(std::size_t column) const { return i64(column) != 0; }
  const std::string& text(std::size_t column) const;
  base::Instant instant(std::size_t column) const { return {i64(column)}; }
  base::Date date(std::size_t column) const;
  domain::GrantNumber grant(std::size_t column) const { return {u64(column)}; }

  /// A value of an enum that starts at 1.
  template <class E>
  E as(std::size_t column) const {
    return static_cast<E>(i64(column));
  }

  template <class IdType>
  IdType id(std::size_t column) const {
    return IdType::from_raw(text(column));
  }
  base::Bytes16 bytes16(std::size_t column) const { return id<base::AccountId>(column).bytes; }

  template <class IdType>
  std::optional<IdType> maybe_id(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return id<IdType>(column);
  }
  std::optional<int> maybe_integer(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
  }
  std::optional<base::Instant> maybe_instant(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return instant(column);
  }

 private:
  const std::optional<std::string>* cells_;
};

class Rows {
 public:
  class Iterator {
   public:
    Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Rows* rows_;
    std::size_t index_;
  };

  /// `cells` row after row.
  Rows(std::size_t columns, std::vector<std::optional<std::string>> cells)
      : columns_(columns), cells_(std::move(cells)) {}

  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  bool empty() const { return cells_.empty(); }
  Row operator[](std::size_t index) const { return Row(cells_.data() + index * columns_); }
  Row front() const { return (*this)[0]; }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  std::size_t columns_;
  std::vector<std::optional<std::string>> cells_;
};

}  // namespace zl::mysql

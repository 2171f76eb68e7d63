// What came of a command: Redis's answer, or why there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zl::redis {

class Reply {
 public:
  enum class Kind {
    lost = 1,  ///< sent, but no answer in time: it may or may not have taken effect
    unsent,    ///< never sent: it took no effect
    nil,
    integer,
    text,  ///< bulk strings and statuses
    error,
    array,
  };

  Reply() = default;
  static Reply lost(std::string cause) { return Reply(Kind::lost, 0, std::move(cause), {}); }
  static Reply unsent(std::string cause) { return Reply(Kind::unsent, 0, std::move(cause), {}); }
  static Reply of_integer(std::int64_t value) { return Reply(Kind::integer, value, {}, {}); }
  static Reply of_text(std::string text) { return Reply(Kind::text, 0, std::move(text), {}); }
  static Reply of_error(std::string text) { return Reply(Kind::error, 0, std::move(text), {}); }
  static Reply of_array(std::vector<Reply> items) { return Reply(Kind::array, 0, {}, std::move(items)); }

  Kind kind() const { return kind_; }
  bool is_lost() const { return kind_ == Kind::lost; }
  bool is_unsent() const { return kind_ == Kind::unsent; }
  bool is_nil() const { return kind_ == Kind::nil; }
  bool is_error() const { return kind_ == Kind::error; }
  bool is_array() const { return kind_ == Kind::array; }

  /// Of text; the sentence of an error; the cause of lost and unsent. Otherwise empty.
  const std::string& text() const { return text_; }

  /// Of an integer, or of text that is a decimal integer (functions return what exceeds 2^53 as text). Otherwise
  /// nothing.
  std::optional<std::int64_t> number() const;

  /// Of an array; otherwise empty.
  const std::vector<Reply>& items() const { return items_; }

  /// An item of an array, nil where there is none: answers of another shape than expected are met by one check.
  const Reply& item(std::size_t index) const;

  /// The first word of an error ("ERR", "READONLY"), otherwise empty.
  std::string_view error_code() const;

 private:
  Reply(Kind kind, std::int64_t integer, std::string text, std::vector<Reply> items)
      : kind_(kind), integer_(integer), text_(std::move(text)), items_(std::move(items)) {}

  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  std::string text_;
  std::vector<Reply> items_;
};

/// True for an error that says that this server can't serve the link as it was greeted: its functions are gone, it is
/// no master any more, it is loading or asks for a password.
bool needs_new_greeting(const Reply& reply);

}  // namespace zl::redis

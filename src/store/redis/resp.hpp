// A command in Redis's wire format (RESP2, https://redis.io/docs/reference/protocol-spec/): built once, sent as it is.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace zl::redis {

/// Arguments are bytes of any value; nothing is escaped or parsed. Appending allocates only when the buffer grows.
class Command {
 public:
  /// Redis itself takes no more arguments than this, the command's name included.
  static constexpr std::size_t argument_limit = std::size_t{1024} * 1024;

  /// `bytes_expected` saves growing the buffer; any number is right.
  explicit Command(std::string_view name, std::size_t bytes_expected = 256);

  /// The command with these arguments; the first is its name.
  static Command of(std::initializer_list<std::string_view> arguments);

  Command& arg(std::string_view bytes);
  Command& arg(const char* text) { return arg(std::string_view(text)); }

  /// An integer in decimal.
  template <std::integral I>
    requires(!std::same_as<I, bool> && !std::same_as<I, char>)
  Command& arg(I number) {
    if constexpr (std::unsigned_integral<I>) {
      return arg_unsigned(number);
    } else {
      return arg_signed(number);
    }
  }

  std::size_t argument_count() const { return count_; }

  /// The bytes to send; valid until the command is changed or gone.
  std::string_view encode();

 private:
  Command& arg_signed(std::int64_t number);
  Command& arg_unsigned(std::uint64_t number);

  std::string buffer_;  ///< room for the argument count, then the arguments
  std::size_t count_ = 0;
};

}  // namespace zl::redis

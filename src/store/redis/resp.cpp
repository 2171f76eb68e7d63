// Writes commands in Redis's wire format.
#include "store/redis/resp.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/invariant.hpp"

namespace zl::redis {

namespace {

// The argument count stands first but is known last: it is written into this room, at its right end.
constexpr std::size_t header_room = 1 + 7 + 2;  // '*', up to 1,048,576, CRLF
constexpr std::size_t digits_max = 20;          // of 64 bits, with a sign

template <class I>
std::string_view decimal(I number, std::array<char, digits_max>& digits) {
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

}  // namespace

Command::Command(std::string_view name, std::size_t bytes_expected) {
  buffer_.reserve(bytes_expected);
  buffer_.append(header_room, ' ');
  arg(name);
}

Command Command::of(std::initializer_list<std::string_view> arguments) {
  base::invariant(arguments.size() > 0, "a command has a name");
  Command command(*arguments.begin());
  for (auto argument = arguments.begin() + 1; argument != arguments.end(); ++argument) command.arg(*argument);
  return command;
}

Command& Command::arg(std::string_view bytes) {
  base::invariant(count_ < argument_limit, "a command has at most argument_limit arguments");
  std::array<char, digits_max> digits;
  buffer_.push_back('$');
  buffer_.append(decimal(bytes.size(), digits)).append("\r\n");
  buffer_.append(bytes).append("\r\n");
  ++count_;
  return *this;
}

Command& Command::arg_signed(std::int64_t number) {
  std::array<char, digits_max> digits;
  return arg(decimal(number, digits));
}

Command& Command::arg_unsigned(std::uint64_t number) {
  std::array<char, digits_max> digits;
  return arg(decimal(number, digits));
}

std::string_view Command::encode() {
  std::array<char, digits_max> digits;
  const std::string_view count = decimal(count_, digits);
  const std::size_t start = header_room - (1 + count.size() + 2);
  char* header = buffer_.data() + start;
  header[0] = '*';
  std::ranges::copy(count, header + 1);
  std::ranges::copy(std::string_view("\r\n"), header + 1 + count.size());
  return std::string_view(buffer_).substr(start);
}

}  // namespace zl::redis

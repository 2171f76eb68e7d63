// What parents mean by the few words that they send in the chat.
#pragma once

#include <string_view>

namespace zl::app {

enum class Wish {
  my_bookings = 1,
  list_for_cancelling,
  cancel,  ///< the booking of a number
  today,
  help,  ///< asked for, or not understood
};

struct SaidWish {
  Wish wish = Wish::help;
  int number = 0;  ///< 1..99, of `cancel`

  bool operator==(const SaidWish&) const = default;
};

/// Full-width letters and digits, spaces, a closing full stop and the like make no difference. Anything may be sent,
/// also what is no UTF-8.
SaidWish wish_of(std::string_view said);

}  // namespace zl::app

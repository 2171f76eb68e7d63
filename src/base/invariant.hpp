// Checks that stay on in release. They are for programmers' errors only, one condition each.
#pragma once

#include <source_location>

namespace zl::base {

/// Prints the place and the sentence to standard error and aborts.
[[noreturn]] void fail_invariant(const char* sentence, std::source_location where);

/// Aborts the process where `holds` is false; `sentence` says what should have been true.
inline void invariant(bool holds, const char* sentence, std::source_location where = std::source_location::current()) {
  if (!holds) fail_invariant(sentence, where);
}

}  // namespace zl::base

#include "sim/record.hpp"

#include <fmt/format.h>

namespace zl::sim {

std::string Coverage::text() const {
  std::string out;
  std::string_view kind;
  for (const auto& [what, times] : counts_) {
    if (what.first == kind) {
      out += ", ";
    } else {
      out += fmt::format("{}{}: ", out.empty() ? "" : "\n", what.first);
      kind = what.first;
    }
    out += fmt::format("{} {}", what.second, times);
  }
  return out + "\n";
}

void Trace::mix(std::uint64_t value) {
  digest_ = (digest_ ^ value) * 0x9E3779B97F4A7C15U;
  digest_ ^= digest_ >> 29U;
}

void Trace::note(Owner owner, std::string_view what, std::string_view how, std::uint64_t number) {
  mix(static_cast<std::uint64_t>(schedule_.now_us()));
  mix(owner);
  for (const std::string_view word : {what, how}) {
    for (const char c : word) mix(static_cast<unsigned char>(c));
    mix(word.size());
  }
  mix(number);
  if (!keep_text_) return;
  fmt::format_to(std::back_inserter(text_), "{}.{:06} ", schedule_.now_us() / 1'000'000,
                 schedule_.now_us() % 1'000'000);
  if (owner == nobody) {
    fmt::format_to(std::back_inserter(text_), "- {} {}", what, how);
  } else {
    fmt::format_to(std::back_inserter(text_), "p{} {} {}", owner, what, how);
  }
  if (number != 0) fmt::format_to(std::back_inserter(text_), " {}", number);
  text_ += '\n';
}

}  // namespace zl::sim

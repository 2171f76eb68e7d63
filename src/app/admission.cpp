#include "app/admission.hpp"

#include <chrono>
#include <string_view>

#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr std::chrono::nanoseconds between_lines = std::chrono::seconds(1);

std::string_view name_of(Bottleneck where) {
  switch (where) {
    case Bottleneck::loop:
      return "loop";
    case Bottleneck::gate:
      return "gate";
    case Bottleneck::ledger:
      return "ledger";
  }
  return {};
}

}  // namespace

std::optional<runtime::CountGuard> Admission::admit(const domain::BookingWish& wish, base::SteadyTime now) {
  if (parts_.loop_is_late(now)) return turn_away(wish, now, Bottleneck::loop);
  if (parts_.gate.is_late(now)) return turn_away(wish, now, Bottleneck::gate);
  if (auto place = parts_.ledger.take_place(wish.programme_id, Turn::first)) return place;
  if (turned_away_.has_waited(wish.id, now)) {
    if (auto place = parts_.ledger.take_place(wish.programme_id, Turn::again)) return place;
  }
  return turn_away(wish, now, Bottleneck::ledger);
}

std::optional<runtime::CountGuard> Admission::turn_away(const domain::BookingWish& wish, base::SteadyTime now,
                                                        Bottleneck where) {
  turned_away_.add(wish.id, now);
  parts_.turned_away[static_cast<std::size_t>(where)]->add();
  // One line a second: a line for each would cost more than the refusals do.
  const std::int64_t now_ns = std::chrono::nanoseconds(now.time_since_epoch()).count();
  std::int64_t next_ns = next_line_ns_.load(std::memory_order_relaxed);
  if (now_ns >= next_ns && next_line_ns_.compare_exchange_strong(next_ns, now_ns + between_lines.count())) {
    runtime::log::warning("overloaded", {{"where", name_of(where)}});
  }
  return std::nullopt;
}

}  // namespace zl::app

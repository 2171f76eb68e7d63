#include "http/sold_out_bodies.hpp"

#include <cstdint>
#include <utility>

namespace zl::http {
namespace {

/// Behind the first `mark`; what a client could have put into a body does not come before it.
std::size_t behind(std::string_view text, std::string_view mark) {
  return text.find(mark) + mark.size();
}

}  // namespace

SoldOutBodies::Slot& SoldOutBodies::slot_of(const SoldOutKind& kind) {
  // Activities of one programme differ in when they sold out.
  constexpr std::uint64_t spread = 0x9E37'79B9'7F4A'7C15;
  const std::int64_t when = kind.sold_out_at.value_or(base::Instant{}).unix_ms + kind.opens_at.unix_ms;
  return slots_[((static_cast<std::uint64_t>(when) + static_cast<std::uint64_t>(kind.language)) * spread) >> 58U];
}

void SoldOutBodies::put(Slot& slot, const SoldOutKind& kind, std::size_t id_size, base::Instant decided_at,
                        std::string text) {
  slot.kind = kind;
  slot.decided_at = decided_at;
  slot.id_size = id_size;
  slot.id_begin = behind(text, R"("request_id":")");
  slot.time_begin = behind(text, R"("decided_at":")");
  slot.text = std::move(text);
}

void SoldOutBodies::patch(Slot& slot, std::string_view request_id, base::Instant decided_at) {
  slot.text.replace(slot.id_begin, request_id.size(), request_id);
  if (slot.decided_at == decided_at) return;
  const std::string time = base::format_instant(decided_at, slot.kind->offset_minutes);
  slot.text.replace(slot.time_begin, time.size(), time);
  slot.decided_at = decided_at;
}

}  // namespace zl::http

// The body that most presses of a rush are answered with, "sold out" from memory: written once for all that differ only
// in who asked and when.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "http/request.hpp"

namespace zl::http {

/// What such bodies differ in beside the request's id and the time.
struct SoldOutKind {
  Language language = Language::zh;
  int offset_minutes = 0;
  base::Instant opens_at;
  std::optional<base::Instant> sold_out_at;
  std::optional<int> remaining;

  bool operator==(const SoldOutKind&) const = default;
};

/// The last bodies of some kinds. For one thread.
class SoldOutBodies {
 public:
  /// The body for a request. `write()` makes it where none of its kind is here; with another id and time it must give
  /// the same text but for these two, and they are as long.
  template <class Write>
  std::string body(const SoldOutKind& kind, std::string_view request_id, base::Instant decided_at, Write write) {
    Slot& slot = slot_of(kind);
    if (slot.kind != kind || slot.id_size != request_id.size()) {
      put(slot, kind, request_id.size(), decided_at, write());
    } else {
      patch(slot, request_id, decided_at);
    }
    return slot.text;
  }

 private:
  struct Slot {
    std::optional<SoldOutKind> kind;
    base::Instant decided_at;
    std::size_t id_begin = 0;
    std::size_t id_size = 0;
    std::size_t time_begin = 0;
    std::string text;
  };

  Slot& slot_of(const SoldOutKind& kind);
  static void put(Slot& slot, const SoldOutKind& kind, std::size_t id_size, base::Instant decided_at, std::string text);
  static void patch(Slot& slot, std::string_view request_id, base::Instant decided_at);

  std::array<Slot, 64> slots_;
};

}  // namespace zl::http

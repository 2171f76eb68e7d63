// The names of a programme's keys, all with one hash tag, so that a programme is one slot of a cluster, and of what
// stands in them.
#pragma once

#include <string>
#include <type_traits>

#include "base/id.hpp"

namespace zl::redis {

/// How gate.lua names an id: a letter for its kind, and its 16 bytes.
template <class Id>
std::string name_of(const Id& id) {
  constexpr char letter = std::is_same_v<Id, base::ActivityId>   ? 't'
                          : std::is_same_v<Id, base::BookingId>  ? 'b'
                          : std::is_same_v<Id, base::AttendeeId> ? 'a'
                                                                 : 'u';
  static_assert(letter != 'u' || std::is_same_v<Id, base::UserId>);
  std::string name(1, letter);
  name += id.raw();
  return name;
}

struct ProgrammeKeys {
  explicit ProgrammeKeys(const base::ProgrammeId& programme) : prefix("zl:{p:" + programme.hex() + "}:") {}

  std::string gate() const { return prefix + "gate"; }
  std::string held() const { return prefix + "held"; }
  std::string seats(const base::ActivityId& activity) const { return (prefix + "seats:").append(activity.raw()); }

  /// Where an image is put together before it takes the live key's place.
  static std::string staged(const std::string& key, std::uint64_t epoch) { return key + ":" + std::to_string(epoch); }

  std::string prefix;
};

/// Channel on which gates tell of seats, and servers of changes.
inline constexpr const char* news_channel = "zl:news";

}  // namespace zl::redis

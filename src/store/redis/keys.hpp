// The names of a programme's keys, all with one hash tag, so that a programme is one slot of a cluster.
#pragma once

#include <string>

#include "base/id.hpp"

namespace zl::redis {

struct ProgrammeKeys {
  explicit ProgrammeKeys(const base::ProgrammeId& programme) : prefix("zl:{p:" + programme.hex() + "}:") {}

  std::string gate() const { return prefix + "gate"; }
  std::string held() const { return prefix + "held"; }
  std::string seats(const base::ActivityId& activity) const { return prefix + "seats:" + activity.hex(); }

  /// Where an image is put together before it takes the live key's place.
  static std::string staged(const std::string& key, std::uint64_t epoch) { return key + ":" + std::to_string(epoch); }

  std::string prefix;
};

/// Channel on which gates tell of seats, and servers of changes.
inline constexpr const char* news_channel = "zl:news";

}  // namespace zl::redis

// What an examination of the stores reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace zl::app {

/// What one check looked at, and what it found wrong, in plain words.
struct CheckReport {
  /// So many faults of a check are told; what comes after only counts.
  static constexpr std::size_t told_limit = 20;

  std::string name;     ///< "seats"
  std::string counted;  ///< what it looked at: "14 activities"
  std::vector<std::string> faults;
  std::uint64_t more_faults = 0;  ///< found beyond those told; at least so many

  void fault(std::string sentence) {
    if (faults.size() < told_limit) {
      faults.push_back(std::move(sentence));
    } else {
      ++more_faults;
    }
  }
};

}  // namespace zl::app

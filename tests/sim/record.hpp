// What a run did: a trace that two runs of one seed share to the byte, and counts of everything that happened, so that
// a run which tested nothing is visible.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sim/schedule.hpp"

namespace zl::sim {

/// Counts by kind and name; both are literals of the program.
class Coverage {
 public:
  void add(std::string_view kind, std::string_view name, std::uint64_t times = 1) { counts_[{kind, name}] += times; }
  void add(const Coverage& other) {
    for (const auto& [what, times] : other.counts_) counts_[what] += times;
  }

  std::uint64_t count(std::string_view kind, std::string_view name) const {
    const auto found = counts_.find({kind, name});
    return found == counts_.end() ? 0 : found->second;
  }

  /// One line a kind: "kind: name 12, name 3".
  std::string text() const;

 private:
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> counts_;
};

class Trace {
 public:
  /// The text is kept only where somebody will read it; the digest is always of the same lines.
  Trace(const Schedule& schedule, bool keep_text) : schedule_(schedule), keep_text_(keep_text) {}

  /// "1.234567 p3 gate.book served 42".
  void note(Owner owner, std::string_view what, std::string_view how, std::uint64_t number = 0);

  std::uint64_t digest() const { return digest_; }
  const std::string& text() const { return text_; }

 private:
  void mix(std::uint64_t value);

  const Schedule& schedule_;
  const bool keep_text_;
  std::uint64_t digest_ = 0;
  std::string text_;
};

}  // namespace zl::sim

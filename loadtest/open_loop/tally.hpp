// What came of the requests: by phase, and in slices of a tenth of a second.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "open_loop/link.hpp"

namespace zl::open_loop {

/// How many answers had one status and code, and how long they took from the moment at which they were meant to leave.
struct Kind {
  std::string name;  ///< "201", "503 overloaded"
  std::vector<float> latencies_ms;
};

struct PhaseTally {
  std::string name;
  double rate = 0;  ///< meant to leave per second; 0 where the next request leaves with an answer
  double seconds = 0;
  std::size_t meant = 0;             ///< requests whose moment lies in this phase
  std::size_t created = 0;           ///< 201 that came while it lasted, whenever they were asked for
  std::vector<float> lags_ms;        ///< from the intended moment to the sending
  std::vector<Kind> kinds;           ///< answers to what was meant to leave in this phase
  std::vector<std::size_t> retry_s;  ///< answers by their Retry-After
};

struct Slice {
  std::size_t meant = 0;
  std::size_t refused = 0;        ///< with 503
  std::vector<float> created_ms;  ///< latencies of 201
};

class Tally {
 public:
  /// Slices count from the first phase on: until then connections are opened, which may take seconds.
  void begin_phase(std::string name, double rate, double seconds, SteadyTime start);
  void count_sent(const Asked& asked, SteadyTime now);
  void count_answer(const Asked& asked, const Answer& answer, SteadyTime now);

  /// One line of JSON; `unanswered`, `broken` and `reconnected` are the caller's counts.
  std::string json(std::size_t sent, std::size_t unanswered, std::size_t broken, std::size_t reconnected) const;

 private:
  Slice& slice_of(SteadyTime moment);

  SteadyTime start_;  ///< of the first phase
  std::vector<PhaseTally> phases_;
  std::vector<Slice> slices_;
};

}  // namespace zl::open_loop

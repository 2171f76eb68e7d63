// What the presses add up to: latencies per outcome, outcomes by code, the seats as they went.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rush/model.hpp"

namespace zl::rush {

/// Latencies from the intended moment, in milliseconds; percentiles are exact (nearest rank), not from buckets.
struct Latencies {
  std::size_t count = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double p999_ms = 0;
  double max_ms = 0;
};

Latencies latencies_of(std::vector<double> samples_ms);

/// One line of "seats gone by time".
struct SeatsAt {
  double at_ms = 0;  ///< after the release
  std::size_t gone = 0;
};

struct Statistics {
  std::map<std::string, Latencies> by_code;  ///< every outcome that occurred
  std::map<std::string, Latencies> looks;    ///< looking at the list again: "looked" or what went wrong
  Latencies all;
  Latencies lag;  ///< intended to first sent: what the generator and a busy connection add
  std::size_t presses = 0;
  std::size_t sends = 0;
  std::size_t granted = 0;
  std::size_t cancelled = 0;
  std::vector<SeatsAt> seats_gone;     ///< one step per granted seat, by the receipts
  std::optional<double> last_seat_ms;  ///< when the last seat that was sold was decided
};

/// A parent's look at the list between two presses.
struct Look {
  double intended_ms = 0;
  double answered_ms = 0;
  std::string code;
};

Statistics summarise(const Programme& programme, const std::vector<Press>& presses, const std::vector<Look>& looks);

/// Seats gone at `at_ms`, out of the steps of `summarise`.
std::size_t seats_gone_by(const std::vector<SeatsAt>& steps, double at_ms);

}  // namespace zl::rush

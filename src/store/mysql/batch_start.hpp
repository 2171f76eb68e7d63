// When a lane of a writer begins its next batch. A decision of values alone, so that it is tested without threads.
#pragma once

#include <cstddef>

#include "base/clock.hpp"

namespace zl::mysql {

/// What a writer knows. An item has a place from before the gate is asked until it is answered.
struct WriterState {
  std::size_t places = 0;      ///< items with a place
  std::size_t queued = 0;      ///< of these, waiting for a batch
  std::size_t committing = 0;  ///< of these, in a batch
  std::size_t busy_lanes = 0;  ///< that have a batch
  std::size_t batch_limit = 0;
};

enum class BatchStart {
  later = 1,  ///< when there is something, or more, or when the lane that is busy has ended
  soon,       ///< after arrival_patience() at most: others are on their way, and fit into the batch
  now,
};

/// Beside a busy lane it takes a batch that is worth a commit of its own; items beyond that many wait for no other.
inline constexpr std::size_t overlap_items = 64;

BatchStart batch_start(const WriterState& state);

/// How long a lane waits for items that are on their way, by how long its writer's last batch took: so short that an
/// item waits no longer for others than it would have waited for a commit that had just begun.
base::SteadyTime::duration arrival_patience(base::SteadyTime::duration last_batch, base::SteadyTime::duration longest);

}  // namespace zl::mysql

#include "store/mysql/batch_start.hpp"

#include <algorithm>

namespace zl::mysql {

BatchStart batch_start(const WriterState& state) {
  if (state.queued == 0) return BatchStart::later;
  if (state.queued >= state.batch_limit) return BatchStart::now;
  if (state.busy_lanes > 0) return state.queued >= overlap_items ? BatchStart::now : BatchStart::later;
  return state.places > state.queued + state.committing ? BatchStart::soon : BatchStart::now;
}

base::SteadyTime::duration arrival_patience(base::SteadyTime::duration last_batch, base::SteadyTime::duration longest) {
  return std::min(last_batch / 2, longest);
}

}  // namespace zl::mysql

// Draws the crowd: who the children are, what they want, and when their parents press. The same seed draws the same
// crowd.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rush/model.hpp"

namespace zl::rush {

struct Crowd {
  std::size_t parents = 3000;
  double two_children = 0.2;  ///< share of parents with a second child
  double window_s = 30;       ///< first presses fall into this time after the release
  double cancel = 0;          ///< share of parents who give their first seat back
  std::uint64_t seed = 1;
  std::string tag;  ///< makes the openids of this run its own
};

/// Every child fits an activity drawn by its seats, so that together they want all of them; its other wishes are the
/// activities of its age in random order. Half of the parents press at once (exponentially, a fifteenth of the window
/// on average), the others ever more rarely until the window ends; whoever still wants a seat presses again every 1 to
/// 3 s.
std::vector<Parent> draw_parents(const Programme& programme, const Crowd& crowd);

}  // namespace zl::rush

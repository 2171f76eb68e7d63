#include "base/crash_point.hpp"

#if defined(ZL_CRASH_POINTS) && ZL_CRASH_POINTS

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace zl::base {
namespace {

std::string& order_file() {
  static std::string file;
  return file;
}

}  // namespace

void take_crash_orders_from(std::string file) {
  order_file() = std::move(file);
}

void obey_crash_order(std::size_t point) {
  static std::atomic<std::uint64_t> passed = 0;
  if (order_file().empty()) return;
  std::ifstream order(order_file());
  std::string name;
  std::uint64_t times = 0;
  std::string action;
  if (!(order >> name >> times >> action) || name != crash_points.at(point) || ++passed != times) return;
  const std::string text = "crash point " + name + "\n";
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  // To this thread: as long as another one takes the signal of the process, this one goes on.
  (void)::raise(action == "stop" ? SIGSTOP : SIGKILL);
}

}  // namespace zl::base

#endif

// For LD_PRELOAD: puts the wall clock of one process ZL_CLOCK_AHEAD_S seconds ahead, or behind; what is monotonic
// stays.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

long ahead_s() {
  static const long seconds = [] {
    const char* const text = std::getenv("ZL_CLOCK_AHEAD_S");  // NOLINT(concurrency-mt-unsafe): read before main
    return text == nullptr ? 0 : std::atol(text);
  }();
  return seconds;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock_id, timespec* tp) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock_id, tp));
  if (result == 0 && (clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_COARSE)) tp->tv_sec += ahead_s();
  return result;
}

int gettimeofday(timeval* tv, void* /*zone*/) noexcept {
  timespec exact{};
  const int result = clock_gettime(CLOCK_REALTIME, &exact);
  tv->tv_sec = exact.tv_sec;
  tv->tv_usec = exact.tv_nsec / 1000;
  return result;
}

time_t time(time_t* timer) noexcept {
  timespec exact{};
  clock_gettime(CLOCK_REALTIME, &exact);
  if (timer != nullptr) *timer = exact.tv_sec;
  return exact.tv_sec;
}
}

#include "app/gate_keeper.hpp"

#include <utility>

#include "base/crash_point.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

// Requests that found the gate lost just before it was rebuilt arrive here just after: they need no second rebuild.
constexpr base::Milliseconds recent{1000};

base::Refused unavailable() {
  return {base::Code::unavailable, "the gate is being rebuilt", {}, 1};
}

}  // namespace

asio::awaitable<base::Outcome<base::Done>> GateKeeper::mend(base::ProgrammeId programme_id, base::Milliseconds wait) {
  std::shared_ptr<Running> running;
  bool mine = false;
  {
    const std::lock_guard lock(mutex_);
    if (built_recently(programme_id)) co_return base::Done{};
    std::shared_ptr<Running>& slot = running_[programme_id];
    mine = !slot;
    if (mine) slot = std::make_shared<Running>();
    running = slot;
  }
  if (!mine) {
    const bool finished = co_await running->finished.wait(wait);
    if (finished && running->done) co_return base::Done{};
    co_return unavailable();
  }

  // build() answers instead of throwing; were it to throw, waiters would run into their time limit and nobody else.
  base::Outcome<base::Done> outcome = unavailable();
  try {
    outcome = co_await build(programme_id);
  } catch (const std::exception& error) {
    runtime::log::error("gate_rebuild_failed", {{"programme_id", programme_id.hex()}, {"cause", error.what()}});
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(programme_id);
  }
  running->done = outcome.is_done();
  running->finished.set();
  co_return outcome;
}

asio::awaitable<base::Outcome<base::Done>> GateKeeper::rebuild(base::ProgrammeId programme_id) {
  return build(programme_id);
}

asio::awaitable<base::Outcome<base::Done>> GateKeeper::build(base::ProgrammeId programme_id) {
  base::Outcome<GateImage> image = co_await ledger_.rebuild_image(programme_id);
  if (!image) co_return image.as<base::Done>();
  ZL_CRASH_POINT("gate.image_read");
  const std::uint64_t epoch = image->epoch;
  const std::size_t bookings = image->bookings.size();
  const base::Outcome<bool> installed = co_await gate_.install(std::move(*image));
  ZL_CRASH_POINT("gate.installed");
  if (!installed) {
    runtime::log::warning("gate_install_failed", {{"programme_id", programme_id.hex()}, {"epoch", epoch}});
    co_return unavailable();
  }
  {
    const std::lock_guard lock(mutex_);
    built_at_[programme_id] = clock_.steady_now();
  }
  runtime::log::info(
      "gate_rebuilt",
      {{"programme_id", programme_id.hex()}, {"epoch", epoch}, {"bookings", bookings}, {"installed", *installed}});
  co_return base::Done{};
}

bool GateKeeper::built_recently(const base::ProgrammeId& programme_id) const {
  const auto built = built_at_.find(programme_id);
  return built != built_at_.end() && clock_.steady_now() - built->second < recent;
}

}  // namespace zl::app

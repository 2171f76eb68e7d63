#include "runtime/loops.hpp"

#include <pthread.h>

#include <exception>
#include <limits>
#include <optional>
#include <source_location>
#include <string>

#include "base/invariant.hpp"
#include "runtime/log.hpp"

namespace zl::runtime {
namespace {

constexpr std::size_t no_loop = std::numeric_limits<std::size_t>::max();

thread_local std::size_t loop_of_this_thread = no_loop;

[[noreturn]] void end_process(const char* what) {
  log::critical("handler_threw", {{"what", what}});
  log::shutdown();
  base::fail_invariant("no exception leaves a handler of an event loop", std::source_location::current());
}

}  // namespace

struct Loops::Loop {
  using Work = boost::asio::executor_work_guard<Executor>;

  Loop() : context(1), work(std::in_place, context.get_executor()) {}

  void run(std::size_t index) {
    loop_of_this_thread = index;
    pthread_setname_np(pthread_self(), ("loop-" + std::to_string(index)).c_str());
    try {
      context.run();
    } catch (const std::exception& exception) {
      end_process(exception.what());
    } catch (...) {
      end_process("not a std::exception");
    }
  }

  boost::asio::io_context context;
  std::optional<Work> work;  ///< keeps an idle loop running until join()
  std::thread thread;
};

Loops::Loops(std::size_t count) {
  base::invariant(count > 0, "there is at least one event loop");
  loops_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
}

Loops::~Loops() {
  stop();
  join();
}

void Loops::start() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    Loop& loop = *loops_[i];
    base::invariant(!loop.thread.joinable(), "event loops are started once");
    loop.thread = std::thread([&loop, i] { loop.run(i); });
  }
}

void Loops::stop() {
  for (const auto& loop : loops_) loop->context.stop();
}

void Loops::join() {
  base::invariant(!on_loop(), "no event loop waits for the event loops");
  for (const auto& loop : loops_) loop->work.reset();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

Loops::Executor Loops::executor(std::size_t index) const {
  base::invariant(index < loops_.size(), "the event loop exists");
  return loops_[index]->context.get_executor();
}

bool Loops::on_loop() {
  return loop_of_this_thread != no_loop;
}

std::size_t Loops::current() {
  base::invariant(on_loop(), "this thread runs an event loop");
  return loop_of_this_thread;
}

}  // namespace zl::runtime

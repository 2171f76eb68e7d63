// From a thread that is no loop into one: starts a coroutine there and waits for its result.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <future>
#include <type_traits>
#include <utility>

#include "runtime/loops.hpp"

namespace zl::runtime {

template <class T>
boost::asio::awaitable<void> keep_promise(std::promise<T> promise, boost::asio::awaitable<T> task) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      promise.set_value();
    } else {
      promise.set_value(co_await std::move(task));
    }
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
}

/// Starts a coroutine on a loop; the future gives its result or rethrows. (co_spawn's own future wants results that can
/// be made from nothing.)
template <class T>
std::future<T> start_on(Loops& loops, std::size_t index, boost::asio::awaitable<T> task) {
  std::promise<T> promise;
  auto future = promise.get_future();
  boost::asio::co_spawn(loops.executor(index), keep_promise(std::move(promise), std::move(task)),
                        boost::asio::detached);
  return future;
}

/// Starts it and waits. Never to be called on a loop.
template <class T>
T run_on(Loops& loops, std::size_t index, boost::asio::awaitable<T> task) {
  return start_on(loops, index, std::move(task)).get();
}

/// A function as a coroutine that runs to its end on the loop; for what has to be made or destroyed there.
template <class F>
boost::asio::awaitable<void> as_task(F function) {
  function();
  co_return;
}

}  // namespace zl::runtime

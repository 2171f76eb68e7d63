// The bridge from callbacks and other threads to coroutines: suspend here, resume from anywhere with a value.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <concepts>
#include <memory>
#include <utility>

namespace zl::runtime {

/// The right to resume one suspended coroutine, once, from any thread. The coroutine goes on on its own loop, never
/// inside the call. Dropped unused, it destroys the coroutine where it stands: only at the end of the process.
template <class T>
class [[nodiscard]] Resumption {
 public:
  template <class Handler>
    requires(!std::same_as<Handler, Resumption>)
  explicit Resumption(Handler handler) : suspended_(std::make_unique<Suspended<Handler>>(std::move(handler))) {}

  Resumption(Resumption&&) noexcept = default;
  Resumption& operator=(Resumption&&) = delete;

  void operator()(T value) && { std::exchange(suspended_, nullptr)->resume(std::move(value)); }

 private:
  struct AnySuspended {
    virtual ~AnySuspended() = default;
    virtual void resume(T value) = 0;
  };

  template <class Handler>
  struct Completion {
    Handler handler;
    T value;
    void operator()() { std::move(handler)(std::move(value)); }
  };

  template <class Handler>
  struct Suspended final : AnySuspended {
    explicit Suspended(Handler h) : handler(std::move(h)), executor(boost::asio::get_associated_executor(handler)) {}

    void resume(T value) override {
      boost::asio::post(executor.get_executor(), Completion<Handler>{std::move(handler), std::move(value)});
    }

    Handler handler;
    /// Keeps the loop running while its coroutine waits elsewhere.
    boost::asio::executor_work_guard<boost::asio::any_io_executor> executor;
  };

  std::unique_ptr<AnySuspended> suspended_;
};

/// Suspends the caller, calls `start` with the right to resume it, and returns the value that it is resumed with.
/// `start` runs on the caller's loop and must not throw; it may resume at once.
template <class T, class Start>
  requires std::invocable<Start&, Resumption<T>>
boost::asio::awaitable<T> suspend(Start start) {
  auto initiate = [start = std::move(start)](auto handler) mutable { start(Resumption<T>(std::move(handler))); };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(std::move(initiate),
                                                                                    boost::asio::use_awaitable);
}

}  // namespace zl::runtime

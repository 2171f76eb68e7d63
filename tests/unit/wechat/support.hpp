// What the tests of wechat share: a loop that the test turns, chance and time that it sets, a platform that it scripts.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "runtime/timer.hpp"
#include "support/fate.hpp"
#include "support/manual_clock.hpp"
#include "wechat/http_client.hpp"

namespace zl::test {

namespace asio = boost::asio;

/// Gives the bytes of a text, over and over.
class TextRandom final : public base::Random {
 public:
  explicit TextRandom(std::string text) : text_(std::move(text)) {}

  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(text_[next_++ % text_.size()]);
  }

 private:
  std::string text_;
  std::size_t next_ = 0;
};

/// Sleeps by moving the clock, or, where it is `held`, until the test wakes all sleepers.
class ManualSleeper final : public runtime::Sleeper {
 public:
  explicit ManualSleeper(ManualClock& clock) : clock_(clock) {}

  asio::awaitable<void> sleep_for(base::Milliseconds duration) override {
    slept.push_back(duration);
    if (held) {
      co_await sleepers_.wait();
      co_return;
    }
    clock_.advance(duration);
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  }

  void wake() { sleepers_.release(); }

  std::vector<base::Milliseconds> slept;
  bool held = false;

 private:
  ManualClock& clock_;
  Trace trace_;
  Calls sleepers_{trace_, "sleep"};
};

template <class T>
using Eventual = std::shared_ptr<std::optional<T>>;

class ManualLoop {
 public:
  /// Runs until everybody waits for the test or for real time to pass.
  void settle() {
    context.restart();
    context.poll();
  }

  template <class T>
  Eventual<T> start(asio::awaitable<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    asio::co_spawn(context, keep(result, std::move(task)), rethrow);
    settle();
    return result;
  }

  /// Waits in real time, for a minute at most.
  template <class T>
  T run(asio::awaitable<T> task) {
    const Eventual<T> result = start(std::move(task));
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    context.restart();
    while (!*result && std::chrono::steady_clock::now() < give_up && !context.stopped()) {
      context.run_one_for(std::chrono::seconds(1));
    }
    if (!*result) throw std::runtime_error("the task waits for something that does not happen");
    return std::move(**result);
  }

  /// As a value, for tasks that have none.
  static asio::awaitable<bool> done(asio::awaitable<void> task) {
    co_await std::move(task);
    co_return true;
  }

  asio::io_context context{1};

 private:
  template <class T>
  static asio::awaitable<void> keep(Eventual<T> result, asio::awaitable<T> task) {
    result->emplace(co_await std::move(task));
  }
  static void rethrow(const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  }
};

/// Answers as the test says, and remembers what it was asked.
class ScriptedHttp final : public wechat::HttpClient {
 public:
  using Answer = base::Outcome<wechat::HttpAnswer>;

  asio::awaitable<Answer> fetch(wechat::HttpRequest request) override {
    requests.push_back(request);
    // Once around the loop, as a real call would go.
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return answer(request);
  }

  std::function<Answer(const wechat::HttpRequest&)> answer;
  std::vector<wechat::HttpRequest> requests;

  int count(std::string_view path) const {
    int found = 0;
    for (const auto& request : requests) found += request.target.starts_with(path) ? 1 : 0;
    return found;
  }
};

inline ScriptedHttp::Answer json(std::string body) {
  return wechat::HttpAnswer{200, std::move(body)};
}

}  // namespace zl::test

#include "runtime/timer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace zl::runtime {

namespace asio = boost::asio;

asio::awaitable<void> AsioSleeper::sleep_for(base::Milliseconds duration) {
  const auto executor = co_await asio::this_coro::executor;
  if (duration <= base::Milliseconds(0)) {
    co_await asio::post(executor, asio::use_awaitable);
    co_return;
  }
  asio::steady_timer timer(executor, bounded_wait(duration));
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace zl::runtime

// The template part of server.hpp.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <utility>

namespace zl::sim {

template <class T>
boost::asio::awaitable<void> Server::pass_on(boost::asio::awaitable<T> task, std::function<void(T)> done) {
  T result = co_await std::move(task);
  done(std::move(result));
}

template <class T>
void Server::start(boost::asio::awaitable<T> task, std::function<void(T)> done) {
  boost::asio::co_spawn(*loop_, pass_on<T>(std::move(task), std::move(done)), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
}

}  // namespace zl::sim

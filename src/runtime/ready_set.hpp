// Readiness of the sockets of one loop: an epoll set of their own that the loop watches as one descriptor.
//
// Asio's reactor tries each read before it waits, in vain where a client waits for an answer, and keeps an operation
// and a descriptor's state beside each socket. Here a turn of the loop takes what is ready with one system call,
// resumes who waits for it at once, and a socket is read when there is something to read.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "base/invariant.hpp"

namespace zl::runtime {

/// Owner of a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int number() const { return number_; }

 private:
  int number_;
};

class ReadySocket;

/// Used on its loop only. Outlives its sockets.
class ReadySet {
 public:
  /// Throws boost::system::system_error where the system has no descriptor left.
  explicit ReadySet(const boost::asio::any_io_executor& executor);
  ReadySet(const ReadySet&) = delete;
  ReadySet& operator=(const ReadySet&) = delete;
  ~ReadySet() = default;

  /// Resumes who waits for a socket, until stop().
  boost::asio::awaitable<void> run();
  void stop();

  boost::asio::any_io_executor executor() { return set_.get_executor(); }

 private:
  friend class ReadySocket;

  void add(ReadySocket& socket);
  void remove(ReadySocket& socket);
  void tell_sockets();

  boost::asio::posix::stream_descriptor set_;
  std::array<epoll_event, 128> events_;  ///< of one turn: those from told_ to count_ are still to be told
  std::size_t told_ = 0;
  std::size_t count_ = 0;
  bool stopped_ = false;
};

/// A connected stream socket, whose owner reads and writes as long as there is something to, and then waits. One wait
/// at a time, by a coroutine of the set's loop and without cancellation but by cancel().
class ReadySocket {
 public:
  /// Takes a socket that is non-blocking. Throws boost::system::system_error where the set has no room.
  ReadySocket(ReadySet& set, Descriptor descriptor);
  ReadySocket(const ReadySocket&) = delete;
  ReadySocket& operator=(const ReadySocket&) = delete;
  ~ReadySocket();

  /// Whether the client had ended its half or all of it, or the connection had failed, when the set told last.
  bool peer_has_ended() const { return ended_; }

  /// What has come, `into.size()` at most; error `eof` at its end, `would_block` where nothing is there.
  std::size_t read_some(std::span<char> into, boost::system::error_code& error);
  /// Error `would_block` where the socket takes nothing now.
  std::size_t write_some(std::string_view bytes, boost::system::error_code& error);

  /// Completes when reading may give something, never inside the call: who has much to say lets others have their
  /// turns.
  template <class Token>
  auto wait_readable(Token&& token) {
    return wait(Direction::in, std::forward<Token>(token));
  }
  /// Completes when writing may take something. Only after `would_block`.
  template <class Token>
  auto wait_writable(Token&& token) {
    return wait(Direction::out, std::forward<Token>(token));
  }

  /// Ends a wait with `operation_aborted`, not inside the call.
  void cancel();
  /// The coroutine that waits, if one does, goes on no more; its loop destroys it, in a later turn or with itself.
  void abandon();

  void shutdown_send();
  void shutdown();

 private:
  friend class ReadySet;
  using Error = boost::system::error_code;

  enum class Direction : std::uint8_t { none, in, out };

  struct Waiter {
    virtual ~Waiter() = default;
    /// Each moves the handler out first: it may destroy the socket, and this with it.
    virtual void resume(Error error) = 0;
    virtual void post(const boost::asio::any_io_executor& executor, Error error) = 0;
    virtual void drop() = 0;
  };

  template <class Handler>
  class WaiterOf final : public Waiter {
   public:
    explicit WaiterOf(Handler handler) : handler_(std::move(handler)) {}
    void resume(Error error) override { take()(error); }
    void post(const boost::asio::any_io_executor& executor, Error error) override {
      boost::asio::post(executor, [handler = take(), error]() mutable { std::move(handler)(error); });
    }
    void drop() override { take(); }

   private:
    Handler take() {
      Handler taken = std::move(handler_);
      this->~WaiterOf();
      return taken;
    }
    Handler handler_;
  };

  template <class Token>
  auto wait(Direction direction, Token&& token) {
    const auto keep = [this, direction](auto handler) {
      using Kept = WaiterOf<decltype(handler)>;
      static_assert(sizeof(Kept) <= waiter_bytes && alignof(Kept) <= alignof(std::max_align_t));
      base::invariant(waiter_ == nullptr, "one waits for a socket at a time");
      waiter_ = ::new (place_.data()) Kept(std::move(handler));
      waits_for_ = direction;
      if (direction == Direction::in && may_read_) take_waiter()->post(ready_set_.executor(), {});
    };
    return boost::asio::async_initiate<Token, void(Error)>(keep, token);
  }

  Waiter* take_waiter();
  void on_events(std::uint32_t events);

  static constexpr std::size_t waiter_bytes = 48;

  ReadySet& ready_set_;
  const Descriptor descriptor_;
  bool may_read_ = false;
  bool ended_ = false;
  Direction waits_for_ = Direction::none;
  Waiter* waiter_ = nullptr;
  alignas(std::max_align_t) std::array<std::byte, waiter_bytes> place_;
};

}  // namespace zl::runtime

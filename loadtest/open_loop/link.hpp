// A keep-alive connection of the open-loop load: bytes out at once, answers in as they come. Nothing here waits.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace zl::open_loop {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What an answer says; the code is empty where there is no problem document.
struct Answer {
  int status = 0;
  std::string_view code;
  int retry_after_s = 0;
};

/// A request that waits for its answer.
struct Asked {
  SteadyTime intended;
  std::size_t phase = 0;
};

class Link {
 public:
  /// Connects at once; throws std::runtime_error where that fails. `from` is the address to come from, 0 for any.
  Link(const sockaddr_in& server, in_addr_t from);
  Link(Link&& other) noexcept;
  Link& operator=(Link&&) = delete;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  int descriptor() const { return descriptor_; }
  std::size_t waiting() const { return asked_.size(); }

  /// False where the connection is gone.
  bool send(std::string_view request, const Asked& asked);
  /// Sends what the socket did not take before.
  bool send_rest();

  /// Resets the connection, which leaves its port free at once, and opens it anew, as in the constructor; what still
  /// waited for an answer is forgotten.
  void reopen(const sockaddr_in& server, in_addr_t from);

  /// Reads what has come and calls `told(Asked, Answer)` for each answer that is there in full; false where the
  /// connection is gone.
  template <class Told>
  bool receive(Told told) {
    const bool open = read_all();
    Answer answer;
    while (!asked_.empty() && take_answer(answer)) {
      const Asked asked = asked_.front();
      asked_.pop_front();
      told(asked, answer);
    }
    input_.erase(0, parsed_);
    parsed_ = 0;
    return open;
  }

 private:
  void open(const sockaddr_in& server, in_addr_t from);
  bool read_all();
  /// Takes one answer off the input; its code points into the input.
  bool take_answer(Answer& answer);

  int descriptor_ = -1;
  std::string input_;
  std::size_t parsed_ = 0;  ///< of the input
  std::string output_;      ///< what the socket did not take
  std::deque<Asked> asked_;
};

}  // namespace zl::open_loop

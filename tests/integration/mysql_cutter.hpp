// A MySQL that loses answers: passes a Unix socket on to the server and cuts the link at the next COMMIT when told to.
#pragma once

#include <mutex>

#include "mysql_proxy.hpp"

namespace zl::test {

enum class Cut {
  none = 1,
  before,  ///< COMMIT never reaches the server, and the link closes
  after,   ///< the server has committed, and its answer is lost
  stall,   ///< COMMIT never reaches the server, which keeps the session and its locks
};

class MysqlCutter final : public MysqlProxy {
 public:
  MysqlCutter(std::string server_path, const std::string& listen_path)
      : MysqlProxy(std::move(server_path), listen_path) {
    start();
  }
  ~MysqlCutter() override {
    stop();
    for (const int server : stalled_) ::close(server);
  }

  /// What happens to the next COMMIT; once.
  void cut_next(Cut cut) { cut_ = cut; }

  /// From the next cut on nobody is let in, until heal().
  void refuse_after_cut() { refuse_after_cut_ = true; }
  void heal() {
    refuse_after_cut_ = false;
    refusing_ = false;
  }

  int cuts() const { return cuts_; }

 private:
  /// A statement's answer without rows, as the protocol has it: its length in 3 bytes, a number, 0, two counts, and the
  /// status, whose bit 3 tells that further statements of the packet are to be answered. An error (255) ends them.
  static bool is_last_answer(std::string_view answer) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(answer.at(at)); };
    if (byte(4) != 0) return true;
    std::size_t at = 5;
    for (int counts = 0; counts < 2; ++counts) at += byte(at) < 251 ? 1 : byte(at) == 252 ? 3 : byte(at) == 253 ? 4 : 9;
    return (byte(at) & 8U) == 0;
  }

  static void await_last_answer(int server) {
    std::string bytes;
    while (true) {
      while (bytes.size() >= 4) {
        const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(bytes[at])}; };
        const std::size_t length = 4 + byte(0) + (byte(1) << 8U) + (byte(2) << 16U);
        if (bytes.size() < length) break;
        if (is_last_answer(std::string_view(bytes).substr(0, length))) return;
        bytes.erase(0, length);
      }
      const std::string more = receive(server);
      if (more.empty()) return;
      bytes += more;
    }
  }

  bool lets_in() override { return !refusing_; }

  bool from_client(std::string request, int /*client*/, int& server) override {
    // COMMIT is all of a packet's statement or its end.
    const bool commits = request.ends_with("COMMIT");
    const Cut cut = commits ? cut_.exchange(Cut::none) : Cut::none;
    if (cut == Cut::none) return send_all(server, request);
    if (refuse_after_cut_) refusing_ = true;
    if (cut == Cut::after) {
      send_all(server, request);
      await_last_answer(server);
    } else if (cut == Cut::stall) {
      const std::lock_guard lock(mutex_);
      stalled_.push_back(std::exchange(server, -1));
    }
    ++cuts_;
    return false;
  }

  std::atomic<Cut> cut_ = Cut::none;
  std::atomic<bool> refuse_after_cut_ = false;
  std::atomic<bool> refusing_ = false;
  std::atomic<int> cuts_ = 0;
  std::mutex mutex_;
  std::vector<int> stalled_;  // under mutex_
};

}  // namespace zl::test

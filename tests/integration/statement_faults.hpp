// A MySQL at which any statement can be made to fail, also one in the middle of a packet: in front of a real server,
// which does what it would have done.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "mysql_proxy.hpp"

namespace zl::test {

enum class StatementFault {
  deadlock = 1,  ///< 1213: the server has rolled the transaction back
  lock_timeout,  ///< 1205: the statement had no effect, the transaction goes on
  read_only,     ///< 1290: the same
  gone,          ///< 2006: the link was closed before the statement was sent; in the middle of a packet as lost_before
  lost_before,   ///< 2013: the statement never ran, nor what came with it behind it
  lost_after,    ///< 2013: it has run
  lost_within,   ///< 2013: it has run, and its answer breaks off in its last row
};

/// Of statements that write; an answer without rows that breaks off is lost.
inline constexpr std::array all_statement_faults{StatementFault::deadlock,    StatementFault::lock_timeout,
                                                 StatementFault::read_only,   StatementFault::gone,
                                                 StatementFault::lost_before, StatementFault::lost_after};

/// The statements of a packet. A semicolon in a text ends none.
inline std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!quoted && text[i] == ';') {
      statements.emplace_back();
      continue;
    }
    if (text[i] == '\'') quoted = !quoted;
    statements.back() += text[i];
    if (quoted && text[i] == '\\' && i + 1 < text.size()) statements.back() += text[++i];
  }
  return statements;
}

class StatementFaults final : public MysqlProxy {
 public:
  StatementFaults(std::string server_path, const std::string& listen_path)
      : MysqlProxy(std::move(server_path), listen_path) {
    start();
  }
  ~StatementFaults() override { stop(); }

  /// The statements from now on are counted from 1.
  void count() {
    const std::lock_guard lock(mutex_);
    seen_ = 0;
    plan_.clear();
    failed_ = 0;
    failed_at_commit_ = false;
  }
  std::size_t seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  /// Of the statements counted, this one fails, once.
  void fail(std::size_t number, StatementFault fault) {
    const std::lock_guard lock(mutex_);
    plan_.emplace_back(number, fault);
  }
  /// Statements that were made to fail.
  int failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
  }
  /// Whether a statement with these words was ever made to fail.
  bool has_failed(std::string_view words) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(failed_texts_,
                               [words](const std::string& text) { return text.find(words) != std::string::npos; });
  }
  /// How often the server has told a client this error because of us.
  int errors(int code) const {
    const std::lock_guard lock(mutex_);
    const auto found = errors_.find(code);
    return found == errors_.end() ? 0 : found->second;
  }
  /// Links that are closed.
  int links_closed() const {
    const std::lock_guard lock(mutex_);
    return links_closed_;
  }
  /// Packets that insert bookings and commit them at once, so without having read anything in their transaction.
  int unread_bookings() const {
    const std::lock_guard lock(mutex_);
    return unread_bookings_;
  }
  /// One of them was a COMMIT.
  bool failed_at_commit() const {
    const std::lock_guard lock(mutex_);
    return failed_at_commit_;
  }

 private:
  using Statements = std::vector<std::string>;

  static bool is_statement(std::string_view request) {
    const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(request[at])}; };
    return request.size() > 5 && byte(0) + (byte(1) << 8U) + (byte(2) << 16U) + 4 == request.size() && byte(3) == 0 &&
           byte(4) == 3;
  }

  static std::string packet(const Statements& statements) {
    std::string body = "\x03";
    for (const std::string& statement : statements) body += (body.size() > 1 ? ";" : "") + statement;
    std::string out;
    for (const unsigned shift : {0U, 8U, 16U}) out += static_cast<char>((body.size() >> shift) & 255U);
    return out + '\0' + body;
  }

  /// A statement that fails as the server's own would.
  static std::string failing(StatementFault fault) {
    switch (fault) {
      case StatementFault::deadlock:
        return "BEGIN NOT ATOMIC ROLLBACK; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'forced'; "
               "END";
      case StatementFault::lock_timeout:
        return "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'forced'";
      case StatementFault::read_only:
        return "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'forced'";
      case StatementFault::gone:
      case StatementFault::lost_before:
      case StatementFault::lost_after:
      case StatementFault::lost_within:
        break;
    }
    return {};
  }

  bool from_client(std::string request, int client, int& server) override {
    const std::lock_guard lock(mutex_);
    if (!is_statement(request)) return send_all(server, request);
    Statements statements = split_statements(std::string_view(request).substr(5));
    if (statements.front().starts_with("INSERT INTO bookings") && statements.back().ends_with("COMMIT")) {
      ++unread_bookings_;
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
      ++seen_;
      if (plan_.empty() || plan_.front().first != seen_) continue;
      const StatementFault fault = plan_.front().second;
      plan_.erase(plan_.begin());
      ++failed_;
      failed_texts_.insert(statements[i]);
      failed_at_commit_ = failed_at_commit_ || statements[i].ends_with("COMMIT");
      const bool runs = fault == StatementFault::lost_after || fault == StatementFault::lost_within;
      statements.resize(runs ? i + 1 : i);
      return fail_after(std::move(statements), fault, client, server);
    }
    if (!plan_.empty() && plan_.front() == std::pair(seen_ + 1, StatementFault::gone)) {
      plan_.erase(plan_.begin());
      ++failed_;
      send_all(client, run_to_the_end(request, server));
      return false;
    }
    return send_all(server, request);
  }

  /// An error packet of the protocol: 255, the code's two bytes, "#", the SQL state's five, the message.
  void from_server(std::string_view answer) override {
    constexpr std::string_view message = "forced";
    constexpr std::size_t before_message = 9;
    const std::size_t at = answer.find(message);
    if (at == std::string_view::npos || at < before_message || answer[at - 6] != '#') return;
    const auto byte = [&](std::size_t place) { return int{static_cast<unsigned char>(answer[place])}; };
    if (byte(at - before_message) != 255) return;
    const std::lock_guard lock(mutex_);
    ++errors_[byte(at - before_message + 1) + (byte(at - before_message + 2) << 8)];
  }

  void closed() override {
    const std::lock_guard lock(mutex_);
    ++links_closed_;
  }

  /// These run, and then comes the fault.
  static bool fail_after(Statements statements, StatementFault fault, int client, int server) {
    if (std::string last = failing(fault); !last.empty()) {
      statements.push_back(std::move(last));
      return send_all(server, packet(statements));
    }
    if (statements.empty()) return false;
    const std::string answer = run_to_the_end(packet(statements), server);
    // Behind the rows comes a packet of 9 or 11 bytes, as long as all of an answer without rows.
    constexpr std::size_t cut = 12;
    if (fault == StatementFault::lost_within && answer.size() > cut) {
      send_all(client, std::string_view(answer).substr(0, answer.size() - cut));
    }
    return false;
  }

  /// Returns when the server has done everything and closed the link; what it has answered.
  static std::string run_to_the_end(const std::string& request, int server) {
    send_all(server, request);
    ::shutdown(server, SHUT_WR);
    std::string answers;
    for (std::string part = receive(server); !part.empty(); part = receive(server)) answers += part;
    return answers;
  }

  mutable std::mutex mutex_;
  std::size_t seen_ = 0;                                      // under mutex_
  std::vector<std::pair<std::size_t, StatementFault>> plan_;  // under mutex_, in order
  int failed_ = 0;                                            // under mutex_
  std::set<std::string> failed_texts_;
  bool failed_at_commit_ = false;  // under mutex_
  std::map<int, int> errors_;      // under mutex_
  int links_closed_ = 0;           // under mutex_
  int unread_bookings_ = 0;        // under mutex_
};

}  // namespace zl::test

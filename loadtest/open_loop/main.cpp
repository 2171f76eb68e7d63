// zhonglou-open-loop: bookings that leave at their moments, whatever has come of those before. One thread, epoll.
//   zhonglou-open-loop --port P --people FILE --activities FILE --phase NAME:RATE:SECONDS…
// A line of the people's file is token, attendee; one of the activities' is an id. Every user books in the first
// activity, then in the next, so that nothing is asked for twice. RATE 0: as many as are answered, --waiting on each
// connection. --reconnect: a connection that is told 429 is reset, and another takes its place at once.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <deque>
#include <fstream>
#include <random>
#include <stdexcept>

#include "open_loop/link.hpp"
#include "open_loop/tally.hpp"

namespace zl::open_loop {
namespace {

using std::chrono::steady_clock;

struct Phase {
  std::string name;
  double rate = 0;
  double seconds = 0;
};

struct Options {
  std::uint16_t port = 0;
  std::string people;
  std::string activities;
  std::string from;
  std::size_t connections = 1024;
  std::size_t closed_connections = 512;
  std::size_t waiting = 1;
  std::size_t skip = 0;
  double patience_s = 10;
  bool reconnect = false;
  std::vector<std::string> phases;
};

Phase read_phase(const std::string& text) {
  const std::size_t first = text.find(':');
  const std::size_t second = text.find(':', first + 1);
  if (second == std::string::npos) throw std::runtime_error(text + ": a phase is NAME:RATE:SECONDS");
  return {text.substr(0, first), std::stod(text.substr(first + 1, second - first - 1)),
          std::stod(text.substr(second + 1))};
}

std::vector<std::string> read_lines(const std::string& name) {
  std::ifstream file(name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error(name + ": nothing in it");
  return lines;
}

/// Request after request, each made when it leaves.
class Requests {
 public:
  explicit Requests(const Options& options) : activities_(read_lines(options.activities)), next_(options.skip) {
    for (const std::string& line : read_lines(options.people)) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) throw std::runtime_error(options.people + ": no token and attendee in " + line);
      heads_.push_back(
          fmt::format("/bookings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                      "Authorization: Bearer {}\r\nIdempotency-Key: load-",
                      line.substr(0, tab)));
      tails_.push_back(fmt::format("\r\nContent-Length: 50\r\n\r\n{{\"attendee_id\":\"{}\"}}", line.substr(tab + 1)));
    }
  }

  const std::string& next() {
    const std::size_t user = next_ % heads_.size();
    const std::string& activity = activities_[next_ / heads_.size() % activities_.size()];
    ++next_;
    text_.assign("POST /api/v1/activities/").append(activity).append(heads_[user]).append(activity);
    return text_.append(tails_[user]);
  }

  std::size_t sent() const { return next_; }

 private:
  const std::vector<std::string> activities_;
  std::vector<std::string> heads_;
  std::vector<std::string> tails_;
  std::size_t next_;
  std::string text_;
};

class Load {
 public:
  explicit Load(const Options& options);

  std::string run();

 private:
  void run_phase(const Phase& phase);
  void serve(SteadyTime until);
  void send_due(std::deque<Asked>& due);
  void send(std::size_t link, const Asked& asked);
  void send_again(std::size_t link);
  void watch(std::size_t link);
  void reconnect(std::size_t link);
  void on_event(const epoll_event& event);

  const Options& options_;
  sockaddr_in server_{};
  in_addr_t from_;
  Requests requests_;
  std::vector<Link> links_;
  std::vector<std::size_t> free_;
  std::vector<bool> gone_;
  int epoll_;
  Tally tally_;
  std::deque<Asked> due_;  ///< whose moment has come, and for whom there was no free connection yet
  std::size_t phase_ = 0;
  bool closed_ = false;  ///< the next request of a connection leaves with its answer
  std::size_t unanswered_ = 0;
  std::size_t broken_ = 0;
  std::size_t reconnected_ = 0;
};

Load::Load(const Options& options)
    : options_(options),
      from_(options.from.empty() ? 0 : inet_addr(options.from.c_str())),
      requests_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  server_.sin_family = AF_INET;
  server_.sin_port = htons(options.port);
  server_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  links_.reserve(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    links_.emplace_back(server_, from_);
    watch(i);
    free_.push_back(options.connections - 1 - i);
  }
  gone_.resize(options.connections);
}

void Load::send(std::size_t link, const Asked& asked) {
  ++unanswered_;
  tally_.count_sent(asked, steady_clock::now());
  if (!links_[link].send(requests_.next(), asked)) gone_[link] = true;
}

void Load::send_again(std::size_t link) {
  send(link, {steady_clock::now(), phase_});
}

/// As long as there are free connections; the others wait, and their waiting counts.
void Load::send_due(std::deque<Asked>& due) {
  while (!due.empty() && !free_.empty()) {
    const std::size_t link = free_.back();
    free_.pop_back();
    send(link, due.front());
    due.pop_front();
  }
}

void Load::watch(std::size_t link) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = link;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, links_[link].descriptor(), &event);
}

void Load::reconnect(std::size_t link) {
  unanswered_ -= links_[link].waiting();
  links_[link].reopen(server_, from_);
  watch(link);
  gone_[link] = false;
  ++reconnected_;
}

void Load::on_event(const epoll_event& event) {
  const std::size_t index = event.data.u64;
  Link& link = links_[index];
  bool told_off = false;
  const bool open = link.receive([&](const Asked& asked, const Answer& answer) {
    --unanswered_;
    told_off = told_off || answer.status == 429;
    tally_.count_answer(asked, answer, steady_clock::now());
  }) && link.send_rest();
  if (options_.reconnect && (told_off || !open)) {
    reconnect(index);
  } else if (!open && !gone_[index]) {
    gone_[index] = true;
    ++broken_;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, link.descriptor(), nullptr);
  }
  if (gone_[index]) return;
  if (closed_) {
    while (link.waiting() < options_.waiting) send_again(index);
  } else if (link.waiting() == 0) {
    free_.push_back(index);
  }
}

/// Waits for answers until then, and takes those that are there.
void Load::serve(SteadyTime until) {
  std::array<epoll_event, 512> events;
  const auto wait = std::max<SteadyTime::duration>(until - steady_clock::now(), SteadyTime::duration::zero());
  const auto wait_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
  const timespec timeout{wait_ns.count() / 1'000'000'000, wait_ns.count() % 1'000'000'000};
  const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) on_event(events[static_cast<std::size_t>(i)]);
}

void Load::run_phase(const Phase& phase) {
  // A wait shorter than this costs more than it is worth: what is due leaves together.
  constexpr std::chrono::microseconds shortest_wait{200};
  const SteadyTime start = steady_clock::now();
  const SteadyTime end =
      start + std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(phase.seconds));
  tally_.begin_phase(phase.name, phase.rate, phase.seconds, start);
  closed_ = phase.rate == 0;
  if (closed_) {
    for (std::size_t i = 0; i < options_.closed_connections && !free_.empty(); ++i) {
      const std::size_t link = free_.back();
      free_.pop_back();
      while (links_[link].waiting() < options_.waiting) send_again(link);
    }
    while (steady_clock::now() < end) serve(end);
    closed_ = false;
    return;
  }
  std::mt19937_64 random(phase_ + 1);  // the same moments each time
  std::exponential_distribution<double> gap_s(phase.rate);
  SteadyTime next = start;
  while (next < end) {
    const SteadyTime now = steady_clock::now();
    for (; next <= now && next < end;
         next += std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(gap_s(random)))) {
      due_.push_back({next, phase_});
    }
    send_due(due_);
    serve(std::max(next, now + shortest_wait));
  }
}

std::string Load::run() {
  for (const std::string& text : options_.phases) {
    run_phase(read_phase(text));
    ++phase_;
  }
  const SteadyTime end =
      steady_clock::now() + std::chrono::milliseconds(static_cast<std::int64_t>(options_.patience_s * 1000));
  while ((unanswered_ > 0 || !due_.empty()) && steady_clock::now() < end) {
    send_due(due_);
    serve(steady_clock::now() + std::chrono::milliseconds(1));
  }
  return tally_.json(requests_.sent(), unanswered_ + due_.size(), broken_, reconnected_);
}

/// Connections need file descriptors; the soft limit is only a default.
void allow_connections() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace zl::open_loop

int main(int argc, char** argv) {
  zl::open_loop::Options options;
  CLI::App app("Books seats at given moments, whatever has come of the bookings before; prints one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--port", options.port, "the server's, on 127.0.0.1")->required();
  app.add_option("--people", options.people, "file of token, tab, attendee")->required();
  app.add_option("--activities", options.activities, "file of ids")->required();
  app.add_option("--phase", options.phases, "NAME:RATE:SECONDS; rate 0 is as many as are answered")->required();
  app.add_option("--from", options.from, "the address to come from");
  app.add_option("--connections", options.connections, "open connections")->check(CLI::Range(1, 16'000));
  app.add_option("--closed-connections", options.closed_connections, "those of them that phases of rate 0 use");
  app.add_option("--waiting", options.waiting, "requests at a time on each connection in phases of rate 0")
      ->check(CLI::Range(1, 64));
  app.add_option("--skip", options.skip, "requests that an earlier run has sent");
  app.add_option("--patience", options.patience_s, "seconds to wait for the last answers");
  app.add_flag("--reconnect", options.reconnect, "come on a new connection after each 429 or end of the old one");
  CLI11_PARSE(app, argc, argv);
  try {
    zl::open_loop::allow_connections();
    fmt::print("{}\n", zl::open_loop::Load(options).run());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "zhonglou-open-loop: {}\n", error.what());
    return 2;
  }
}

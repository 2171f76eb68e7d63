// zhonglou-rush: gathers the parents, lets them press, audits what came of it.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "rush/api.hpp"
#include "rush/demo.hpp"
#include "rush/instant.hpp"
#include "rush/loops.hpp"
#include "rush/options.hpp"
#include "rush/plan.hpp"
#include "rush/report.hpp"
#include "rush/scenario.hpp"

// jemalloc's: nothing goes back to the system. Memory that is touched for the first time takes more of the second of
// the release than all else that a parent does.
extern "C" const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1";

namespace zl::rush {
namespace {

namespace asio = boost::asio;

constexpr std::size_t logins_at_once = 32;     // per loop: a queue of thousands would only measure the queue
constexpr std::size_t descriptors_spare = 64;  // for the program itself
constexpr Instant late_start_ms = 3000;        // a programme that is open already is rushed this much later

/// Connections need file descriptors; the soft limit is only a default.
void allow_connections(std::size_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (connections + descriptors_spare > limit.rlim_max) {
    throw std::runtime_error(
        fmt::format("{} connections need {} file descriptors, but this system allows {} (ulimit -H -n): "
                    "let parents share with --connections {}",
                    connections, connections + descriptors_spare, limit.rlim_max,
                    limit.rlim_max - std::min<rlim_t>(descriptors_spare, limit.rlim_max)));
  }
}

std::string read_password(const std::string& path) {
  std::ifstream file(path);
  std::string password;
  if (!std::getline(file, password) || password.empty()) {
    throw std::runtime_error(fmt::format("{}: no password in it", path));
  }
  return password;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) {
    throw std::runtime_error(fmt::format("{}: cannot be written", path));
  }
  fmt::print("wrote {}\n", path);
}

template <typename T>
asio::awaitable<void> keep(asio::awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

asio::awaitable<void> register_lane(Loops& loops, std::vector<Parent>& parents, std::size_t loop, std::size_t lane) {
  std::size_t number_on_loop = 0;
  for (std::size_t parent = 0; parent < parents.size(); ++parent) {
    if (loops.loop_of(parent) == loop && number_on_loop++ % logins_at_once == lane) {
      co_await register_parent(loops.client_of(parent), parents[parent]);
    }
  }
}

class Rush {
 public:
  explicit Rush(const Options& options)
      : options_(options),
        tag_(fmt::format("{:x}", std::chrono::system_clock::now().time_since_epoch().count() / 1000)),
        loops_(options.threads, options.connections == 0 ? options.parents : options.connections,
               resolve_server(options.url), timeout()),
        office_(1, 1, resolve_server(options.url), std::chrono::seconds(30)) {}

  /// Runs every phase in its order; true for PASS.
  bool run();

 private:
  std::chrono::milliseconds timeout() const {
    return std::chrono::milliseconds(static_cast<std::int64_t>(options_.timeout_s * 1000));
  }
  HttpClient& office() { return office_.client_of(0); }

  template <typename T>
  T wait_for(asio::awaitable<T> work) {
    std::optional<T> result;
    office_.spawn(0, keep(std::move(work), result));
    office_.run();
    return std::move(*result);
  }

  void choose_programme();
  void gather_parents();
  void open_programme();
  void press();
  Findings audit_rosters();

  const Options& options_;
  std::string tag_;  ///< makes users and keys of this run its own
  Loops loops_;
  Loops office_;  ///< one connection for the admin's calls
  std::string admin_token_;
  std::optional<ServerClock> clock_;
  Programme programme_;
  std::vector<Parent> parents_;
  std::vector<RosterEntry> before_;
  std::vector<Diary> diaries_;
};

bool Rush::run() {
  clock_ = wait_for(read_clock(office()));
  admin_token_ = wait_for(admin_login(office(), options_.admin_username, read_password(options_.admin_password_file)));
  choose_programme();
  gather_parents();
  open_programme();
  press();
  const Findings findings = audit_rosters();
  if (!options_.json.empty()) {
    write_file(options_.json, boost::json::serialize(report_json(findings)) + "\n");
  }
  if (!options_.report.empty()) {
    write_file(options_.report, report_html(findings));
  }
  fmt::print("{}", report_text(findings));
  return findings.audit.passed();
}

void Rush::choose_programme() {
  if (options_.programme.empty()) {
    programme_ = demo_programme(clock_->now());
    return;
  }
  programme_ = wait_for(read_programme(office(), options_.programme));
  if (programme_.activities.empty()) {
    throw std::runtime_error(fmt::format("programme {} has no published activities", programme_.id));
  }
}

void Rush::gather_parents() {
  const auto start = std::chrono::steady_clock::now();
  parents_ = draw_parents(programme_, {.parents = options_.parents,
                                       .two_children = options_.two_children,
                                       .window_s = options_.window_s,
                                       .cancel = options_.cancel,
                                       .seed = options_.seed,
                                       .tag = tag_});
  for (std::size_t loop = 0; loop < loops_.count(); ++loop) {
    for (std::size_t lane = 0; lane < logins_at_once; ++lane) {
      loops_.spawn(loop, register_lane(loops_, parents_, loop, lane));
    }
  }
  loops_.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{} parents logged in on {} connections in {:.1f} s\n", parents_.size(), loops_.connections(),
             took.count());
}

void Rush::open_programme() {
  clock_ = wait_for(read_clock(office()));
  if (options_.programme.empty()) {
    office_.spawn(0, make_demo_copy(office(), admin_token_, *clock_, options_.opens_in_s, tag_, programme_));
    office_.run();
  } else {
    before_ = wait_for(read_rosters(office(), admin_token_, programme_));
  }
  const Instant now = clock_->now();
  programme_.release = std::max(programme_.opens_at, options_.programme.empty() ? now : now + late_start_ms);
  int seats = 0;
  for (const Activity& activity : programme_.activities) {
    seats += activity.capacity;
  }
  fmt::print("{} ({}): {} activities, {} seats, pressing starts at {}\n", programme_.title, programme_.id,
             programme_.activities.size(), seats, format_clock(programme_.release));
  std::fflush(stdout);
}

void Rush::press() {
  const Stage stage{
      .programme = programme_, .clock = *clock_, .retry = options_.retry, .patience_ms = options_.patience_s * 1000};
  diaries_.resize(parents_.size());
  for (std::size_t parent = 0; parent < parents_.size(); ++parent) {
    loops_.spawn(loops_.loop_of(parent),
                 take_part(loops_.client_of(parent), parents_[parent], stage, diaries_[parent]));
  }
  loops_.run();
}

Findings Rush::audit_rosters() {
  Findings findings;
  findings.url = options_.url;
  findings.parents = parents_.size();
  for (const Parent& parent : parents_) {
    findings.children += parent.children.size();
  }
  findings.window_s = options_.window_s;
  findings.seed = options_.seed;
  findings.clock_error_ms = clock_->error_ms();
  Evidence& evidence = findings.evidence;
  evidence.programme = programme_;
  evidence.before = before_;
  evidence.after = wait_for(read_rosters(office(), admin_token_, programme_));
  evidence.strangers_may_book = !options_.programme.empty();
  std::vector<Look> looks;
  for (Diary& diary : diaries_) {
    std::move(diary.presses.begin(), diary.presses.end(), std::back_inserter(evidence.presses));
    std::move(diary.looks.begin(), diary.looks.end(), std::back_inserter(looks));
  }
  findings.statistics = summarise(programme_, evidence.presses, looks);
  findings.audit = audit(evidence);
  return findings;
}

}  // namespace
}  // namespace zl::rush

int main(int argc, char** argv) {
  const auto parsed = zl::rush::parse_options(argc, argv);
  if (!parsed.options) {
    return parsed.exit_status;
  }
  try {
    const auto connections = parsed.options->connections;
    zl::rush::allow_connections(connections == 0 ? parsed.options->parents : connections);
    zl::rush::Rush rush(*parsed.options);
    return rush.run() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "zhonglou-rush: {}\n", error.what());
    return 2;
  }
}

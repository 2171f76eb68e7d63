#include "server/services.hpp"

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "runtime/log.hpp"
#include "runtime/run_on.hpp"

namespace zl::server {
namespace {

using base::Milliseconds;

// How long the start waits for Redis before it serves without: requests are then answered 503 until it is there.
constexpr std::chrono::seconds redis_patience{5};
constexpr std::chrono::seconds task_patience{5};

app::BookingMetrics booking_metrics(runtime::Metrics& metrics) {
  const char* stage_help = "Seconds of a booking's stages";
  std::array<runtime::Counter*, base::code_count + 1> refused{};
  for (int code = 1; code <= base::code_count; ++code) {
    const std::string name(base::name(static_cast<base::Code>(code)));
    refused[static_cast<std::size_t>(code)] =
        &metrics.counter("zhonglou_seats_refused_total", "Bookings not confirmed, by the code told", {{"code", name}});
  }
  return {
      metrics.histogram("zhonglou_booking_stage_seconds", stage_help, {{"stage", "gate"}}),
      metrics.histogram("zhonglou_booking_stage_seconds", stage_help, {{"stage", "ledger"}}),
      metrics.counter("zhonglou_seats_granted_total", "Bookings answered as confirmed"),
      refused,
      metrics.counter("zhonglou_grants_fenced_total", "Grants that came too late to commit and were asked for again"),
      metrics.counter("zhonglou_gate_too_generous_total", "Grants for which the ledger had no seat left")};
}

app::AdmissionMetrics admission_metrics(runtime::Metrics& metrics) {
  const auto counter = [&metrics](const char* where) {
    return &metrics.counter("zhonglou_turned_away_total", "Bookings refused for want of room, by where there was none",
                            {{"where", where}});
  };
  return {nullptr, counter("loop"), counter("gate"), counter("ledger")};
}

app::ReconcileMetrics reconcile_metrics(runtime::Metrics& metrics) {
  return {metrics.counter("zhonglou_reconcile_passes_total", "Passes of the reconciler"),
          metrics.counter("zhonglou_holds_returned_total", "Holds given back at their deadline"),
          metrics.counter("zhonglou_holds_confirmed_total", "Holds whose confirmation had been lost"),
          metrics.counter("zhonglou_gate_repairs_total", "Bookings that a comparison put into a gate or took out")};
}

app::LoginThrottle::Limits throttle_limits(const AuthConfig& config) {
  app::LoginThrottle::Limits limits;
  limits.failures_per_account = static_cast<int>(config.login_failures_per_account);
  limits.failures_per_address = static_cast<int>(config.login_failures_per_address);
  limits.window = std::chrono::seconds(config.login_failure_window_s);
  return limits;
}

Milliseconds longest_token(const AuthConfig& config) {
  return std::chrono::seconds(std::max(config.token_ttl_s, config.admin_token_ttl_s));
}

http::ServerOptions server_options(const HttpConfig& config) {
  http::ServerOptions options;
  options.address = config.address;
  options.port = config.port;
  options.reuse_port = config.reuse_port;
  options.max_connections = config.max_connections;
  options.max_connections_per_address = config.max_connections_per_address;
  options.unsent_limit_bytes = config.unsent_limit_bytes;
  options.turns = {static_cast<double>(config.rate_address_per_s),
                   static_cast<double>(config.max_connections_per_address)};
  options.connection.fixed_lines = http::security_lines(config.public_url.starts_with("https://"));
  options.connection.header_limit_bytes = static_cast<std::uint32_t>(config.header_limit_bytes);
  options.connection.body_limit_bytes = config.body_limit_bytes;
  options.connection.header_timeout = Milliseconds(config.header_timeout_ms);
  options.connection.body_timeout = Milliseconds(config.body_timeout_ms);
  options.connection.idle_timeout = Milliseconds(config.idle_timeout_ms);
  options.connection.pause = Milliseconds(config.rate_pause_ms);
  options.connection.write_timeout = Milliseconds(config.write_timeout_ms);
  return options;
}

std::string why_not(const base::Outcome<base::Done>& outcome) {
  return outcome.is_refused() ? outcome.refused().detail : outcome.unknown().cause;
}

std::string origin_of(const HttpConfig& config, std::uint16_t port) {
  const bool is_v6 = config.address.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + config.address + "]" : config.address) + ":" + std::to_string(port);
}

}  // namespace

Services::Services(const Config& config)
    : config_(config),
      loops_(config_.http.io_threads),
      tasks_(loops_.executor(0), 16'384),
      password_pool_("password", config_.auth.password_threads, config_.auth.password_queue, clock_),
      export_pool_("export", 1, base::limits::exports_at_once, clock_),
      mysql_(config_.mysql, clock_, random_, *metrics_),
      redis_(config_.redis, Milliseconds(config_.booking.hold_ttl_ms), loops_, random_, *metrics_),
      time_(clock_),
      ids_(mysql_.booking_id_secret()),
      keys_(config_.auth.token_key, config_.auth.previous_token_key),
      attendees_(config_.booking.attendee_cache),
      throttle_(throttle_limits(config_.auth), clock_),
      keeper_(redis_.gate(), mysql_.ledger(), clock_),
      seats_(redis_.gate(), keeper_, catalogue_, clock_, tasks_, Milliseconds(config_.booking.seats_poll_ms),
             static_cast<int>(config_.booking.max_live_holders)),
      changes_({mysql_.catalogue(), mysql_.changes(), mysql_.accounts(), catalogue_, voided_, attendees_, clock_,
                tasks_, longest_token(config_.auth)}),
      reconcile_({redis_.gate(), redis_.gate(), mysql_.ledger(), keeper_, mysql_.lease(), catalogue_, time_, tasks_,
                  reconcile_metrics(*metrics_), Milliseconds(config_.booking.reconcile_interval_ms)}),
      lag_(loops_.size(), Milliseconds(config_.http.queue_target_ms), clock_),
      admission_({redis_.gate(), mysql_.ledger(), [this](base::SteadyTime now) { return lag_.is_late(now); },
                  admission_metrics(*metrics_)}),
      book_({redis_.gate(), mysql_.ledger(), admission_, mysql_.people(), keeper_, seats_, attendees_, catalogue_,
             time_, ids_, clock_, tasks_, booking_metrics(*metrics_), config_.booking.utc_offset_minutes}),
      late_grants_(redis_.gate(), tasks_,
                   metrics_->counter("zhonglou_late_grants_total",
                                     "Seats that the gate gave after their callers had been told that it is silent")),
      cancel_booking_(redis_.gate(), mysql_.ledger(), catalogue_, time_, tasks_),
      sign_in_({mysql_.people(), mysql_.accounts(), redis_.gate(), keys_, voided_, throttle_, password_pool_, clock_,
                random_, std::chrono::seconds(config_.auth.token_ttl_s),
                std::chrono::seconds(config_.auth.admin_token_ttl_s)}),
      people_(mysql_.people(), redis_.gate(), attendees_, time_, random_, config_.booking.utc_offset_minutes),
      manage_catalogue_({mysql_.catalogue(), mysql_.ledger(), redis_.gate(), redis_.gate(), keeper_, changes_,
                         catalogue_, time_, random_}),
      accounts_({mysql_.accounts(), redis_.gate(), voided_, catalogue_, password_pool_, clock_, random_}),
      door_(mysql_.attendance(), catalogue_, ids_, time_, random_,
            std::chrono::minutes(config_.check_in.check_in_early_minutes)),
      api_(make_api()),
      http_(std::make_unique<http::Server>(loops_, clock_, random_, server_options(config_.http), *metrics_)) {
  if (config_.wechat.enabled) add_wechat(public_url());
  dispatcher_ = std::make_unique<http::Dispatcher>(api_, keys_, voided_, dispatch_options(), *metrics_);
}

Services::~Services() = default;

http::Api Services::make_api() {
  const bool is_https = config_.http.public_url.starts_with("https://");
  return {book_,
          cancel_booking_,
          sign_in_,
          people_,
          manage_catalogue_,
          accounts_,
          door_,
          mysql_.ledger(),
          mysql_.audit(),
          catalogue_,
          time_,
          ids_,
          clock_,
          *metrics_,
          {export_pool_, exports_, std::filesystem::temp_directory_path()},
          [](const void* services) { return static_cast<const Services*>(services)->ready(); },
          this,
          config_.booking.utc_offset_minutes,
          config_.auth.dev_login,
          is_https,
          config_.metrics.on_main_listener};
}

void Services::add_wechat(const std::string& public_url) {
  wechat_ = std::make_unique<WechatSide>(config_.wechat, public_url,
                                         WechatSide::Parts{mysql_.credentials(), tasks_, clock_, random_, *metrics_});
  identities_ = mysql_.create_identities(config_.wechat.appid);
  platform_sign_in_ = std::make_unique<app::PlatformSignIn>(app::PlatformSignIn::Parts{
      wechat_->login(), *identities_, mysql_.logins(),
      app::TokenMint{keys_, clock_, random_, std::chrono::seconds(config_.auth.token_ttl_s)}, random_,
      std::chrono::seconds(config_.wechat.login_ttl_s), config_.wechat.max_logins_per_address});
  api_.platform.sign_in = platform_sign_in_.get();
  messages_ = std::make_unique<MessageSide>(
      config_.wechat,
      MessageSide::Parts{mysql_.create_messages(config_.wechat.appid, notice_templates(config_.wechat)), *wechat_,
                         tasks_, clock_, *metrics_, config_.booking.utc_offset_minutes, public_url});
  api_.platform.pages = &wechat_->pages();
  api_.platform.codes = &scene_codes_.emplace(wechat_->codes(), catalogue_, clock_);
  for (const std::string& file : config_.wechat.verify_files) {
    const std::size_t equals = file.find('=');
    api_.platform.verify_files.push_back({file.substr(0, equals), file.substr(equals + 1)});
  }
  if (wechat_->callback() != nullptr) add_chat(*wechat_->callback(), public_url);
}

void Services::add_chat(const wechat::Callback& callback, const std::string& public_url) {
  chat_ = std::make_unique<WechatChat>(WechatChat::Parts{
      callback, mysql_, *identities_, cancel_booking_, door_, &messages_->track(), &messages_->track(), catalogue_,
      time_, tasks_, clock_, random_, *metrics_, config_.booking.utc_offset_minutes, public_url});
  api_.platform.callback = &chat_->callback();
  api_.platform.pushes = &chat_->pushes();
}

http::DispatchOptions Services::dispatch_options() const {
  http::DispatchOptions options;
  options.public_url = public_url();
  options.trusted_proxies = config_.http.trusted_proxies;
  options.per_user = {static_cast<double>(config_.http.rate_user_per_s),
                      static_cast<double>(config_.http.rate_user_burst)};
  options.per_address = {static_cast<double>(config_.http.rate_address_per_s),
                         static_cast<double>(config_.http.rate_address_burst)};
  return options;
}

std::string Services::url() const {
  return origin_of(config_.http, http_->port());
}

std::string Services::public_url() const {
  return config_.http.public_url.empty() ? url() : config_.http.public_url;
}

bool Services::ready() const {
  return redis_.up() && mysql_.up() && time_.synchronised();
}

void Services::start() {
  loops_.start();
  try {
    load_and_serve();
  } catch (...) {
    end();
    throw;
  }
}

void Services::load_and_serve() {
  redis_.gate().tell(late_grants_);
  redis_.start(*this);
  const base::Outcome<base::Done> loaded = runtime::run_on(loops_, 0, changes_.load());
  if (!loaded) throw std::runtime_error("the catalogue can't be read from MySQL: " + why_not(loaded));

  runtime::run_on(loops_, 0, await_redis());
  if (!time_.synchronised()) runtime::log::warning("redis_not_up", {{"waited_s", redis_patience.count()}});

  for (std::size_t i = 0; i < loops_.size(); ++i) {
    tasks_.spawn(loops_.executor(i), lag_.watch(i, tasks_), "loop_lag");
  }
  tasks_.spawn_for_good([this] { return time_.keep(redis_.gate(), tasks_); }, "gate_clock");
  tasks_.spawn_for_good([this] { return changes_.keep(); }, "follow_changes");
  tasks_.spawn_for_good([this] { return seats_.keep(); }, "seat_watch");
  tasks_.spawn_for_good([this] { return reconcile_.keep(); }, "reconcile");
  tasks_.spawn_for_good([this] { return app::keep_house(mysql_.retention(), clock_, tasks_); }, "housekeeping");
  if (identities_) {
    const std::chrono::hours grace(config_.wechat.profile_grace_hours);
    tasks_.spawn_for_good([this, grace] { return app::forget_who_left(*identities_, grace, clock_, tasks_); },
                          "forget_who_left");
  }
  tasks_.spawn_for_good([this] { return app::keep_sealed(mysql_.sealer(), tasks_); }, "seal_audit");
  if (messages_) tasks_.spawn_for_good([this] { return messages_->sender().keep(); }, "send_messages");
  if (config_.metrics.port != 0) {
    metrics_listener_ =
        std::make_unique<runtime::MetricsListener>(config_.metrics.address, config_.metrics.port, metrics_);
  }
  http_->start(*dispatcher_);
}

boost::asio::awaitable<void> Services::await_redis() {
  const base::SteadyTime end = clock_.steady_now() + redis_patience;
  while (!co_await time_.synchronise(redis_.gate()) && clock_.steady_now() < end) {
    co_await tasks_.sleeper().sleep_for(Milliseconds(10));
  }
}

void Services::stop() {
  const bool drained = runtime::run_on(loops_, 0, http_->drain(Milliseconds(config_.http.drain_ms)));
  if (!drained) runtime::log::warning("drain_ended_early", {{"connections", http_->open_connections()}});
  end();
}

void Services::end() {
  metrics_listener_.reset();
  tasks_.stop();
  if (!runtime::run_on(loops_, 0, tasks_.join(task_patience))) {
    runtime::log::warning("tasks_left", {{"count", tasks_.running()}});
  }
  mysql_.stop();
  password_pool_.stop();
  export_pool_.stop();
  redis_.stop();
  loops_.stop();
  loops_.join();
}

void Services::on_seats(const base::ProgrammeId& programme_id, const app::SeatCount& seats) {
  seats_.hear(programme_id, seats);
}

void Services::on_change() {
  changes_.wake();
}

}  // namespace zl::server

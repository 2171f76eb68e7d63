// Everything that a serving process is made of, in the order in which it starts; it stops in the reverse order.
#pragma once

#include <memory>
#include <optional>

#include "app/admission.hpp"
#include "app/attendee_cache.hpp"
#include "app/book.hpp"
#include "app/booking_ids.hpp"
#include "app/cancel_booking.hpp"
#include "app/catalogue.hpp"
#include "app/check_in.hpp"
#include "app/follow_changes.hpp"
#include "app/gate_clock.hpp"
#include "app/gate_keeper.hpp"
#include "app/late_grants.hpp"
#include "app/login_throttle.hpp"
#include "app/manage_accounts.hpp"
#include "app/manage_catalogue.hpp"
#include "app/manage_people.hpp"
#include "app/platform_sign_in.hpp"
#include "app/reconcile.hpp"
#include "app/seat_watch.hpp"
#include "app/show_scene_code.hpp"
#include "app/sign_in.hpp"
#include "app/tokens.hpp"
#include "base/limits.hpp"
#include "http/api.hpp"
#include "http/dispatcher.hpp"
#include "http/server.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/guard.hpp"
#include "runtime/loop_lag.hpp"
#include "runtime/loops.hpp"
#include "runtime/metrics.hpp"
#include "runtime/metrics_listener.hpp"
#include "runtime/random_device.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/task_group.hpp"
#include "server/config.hpp"
#include "server/message_side.hpp"
#include "server/mysql_side.hpp"
#include "server/redis_side.hpp"
#include "server/wechat_chat.hpp"
#include "server/wechat_side.hpp"

namespace zl::server {

class Services final : private app::SeatNews {
 public:
  /// Checks the database and binds the port; throws std::runtime_error with a sentence where one of them says no.
  explicit Services(const Config& config);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;
  ~Services() override;

  /// Connects, loads and serves; throws std::runtime_error where what must be read can't be, and has ended everything
  /// then.
  void start();

  /// Drains for at most http.drain_ms, then ends everything. Called once.
  void stop();

  std::string url() const;

 private:
  std::string public_url() const;
  void on_seats(const base::ProgrammeId& programme_id, const app::SeatCount& seats) override;
  void on_change() override;

  http::Api make_api();
  /// Once the port is known.
  void add_wechat(const std::string& public_url);
  void add_chat(const wechat::Callback& callback, const std::string& public_url);
  http::DispatchOptions dispatch_options() const;
  bool ready() const;
  void load_and_serve();
  boost::asio::awaitable<void> await_redis();
  void end();

  const Config config_;
  runtime::SystemClock clock_;
  runtime::SystemRandom random_;
  std::shared_ptr<runtime::Metrics> metrics_ = std::make_shared<runtime::Metrics>();

  runtime::BoundedCount exports_{base::limits::exports_at_once};  ///< outlives the connections of the loops
  runtime::Loops loops_;
  runtime::TaskGroup tasks_;
  runtime::BlockingPool password_pool_;
  runtime::BlockingPool export_pool_;  ///< of one thread, see http::xlsx_file()
  MysqlSide mysql_;
  RedisSide redis_;
  // Made when the port is known; null where WeChat is not enabled.
  std::unique_ptr<WechatSide> wechat_;
  std::unique_ptr<app::IdentityStore> identities_;
  std::unique_ptr<app::PlatformSignIn> platform_sign_in_;
  std::unique_ptr<MessageSide> messages_;

  app::CatalogueHolder catalogue_;
  app::GateClock time_;
  app::BookingIds ids_;
  app::TokenKeys keys_;
  app::VoidedTokenList voided_;
  app::AttendeeCache attendees_;
  app::LoginThrottle throttle_;
  app::GateKeeper keeper_;
  app::SeatWatch seats_;
  app::FollowChanges changes_;
  app::Reconcile reconcile_;

  runtime::LoopLag lag_;
  app::Admission admission_;
  app::Book book_;
  app::ReturnLateGrants late_grants_;
  app::CancelBooking cancel_booking_;
  app::SignIn sign_in_;
  app::ManagePeople people_;
  app::ManageCatalogue manage_catalogue_;
  app::ManageAccounts accounts_;
  app::CheckInDesk door_;

  std::unique_ptr<WechatChat> chat_;               ///< with wechat_; null too where no callback is configured
  std::optional<app::ShowSceneCode> scene_codes_;  ///< where WeChat is enabled

  http::Api api_;
  std::unique_ptr<http::Dispatcher> dispatcher_;  ///< made when the port is known
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<runtime::MetricsListener> metrics_listener_;
};

}  // namespace zl::server

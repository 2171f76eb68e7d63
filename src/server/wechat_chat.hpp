// What answers the platform's pushes. Made only where a callback is configured.
#pragma once

#include <string>

#include "app/cancel_booking.hpp"
#include "app/catalogue.hpp"
#include "app/check_in.hpp"
#include "app/converse.hpp"
#include "app/gate_clock.hpp"
#include "app/handle_push.hpp"
#include "app/identity_store.hpp"
#include "app/message_receipts.hpp"
#include "app/self_check_in.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/metrics.hpp"
#include "runtime/task_group.hpp"
#include "server/mysql_side.hpp"
#include "wechat/callback_port.hpp"

namespace zl::server {

class WechatChat {
 public:
  struct Parts {
    const wechat::Callback& callback;
    MysqlSide& mysql;
    app::IdentityStore& identities;
    app::CancelBooking& cancel;
    app::CheckInDesk& door;
    app::MessageReceipts* receipts = nullptr;  ///< null where no messages are sent; likewise followers
    app::Followers* followers = nullptr;
    const app::CatalogueHolder& catalogue;
    const app::GateClock& time;
    runtime::TaskGroup& tasks;
    const base::Clock& clock;
    base::Random& random;
    runtime::Metrics& metrics;
    int offset_minutes = 0;
    std::string page_url;
  };

  explicit WechatChat(const Parts& parts);
  WechatChat(const WechatChat&) = delete;
  WechatChat& operator=(const WechatChat&) = delete;

  app::PlatformCallback& callback() { return callback_; }
  app::HandlePush& pushes() { return pushes_; }

 private:
  wechat::CallbackPort callback_;
  app::SelfCheckIn check_in_;
  app::Converse converse_;
  app::HandlePush pushes_;
};

}  // namespace zl::server

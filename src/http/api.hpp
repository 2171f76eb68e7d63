// The use cases that the endpoints call, and the endpoints' common ground.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "app/book.hpp"
#include "app/booking_ids.hpp"
#include "app/cancel_booking.hpp"
#include "app/catalogue.hpp"
#include "app/check_in.hpp"
#include "app/gate_clock.hpp"
#include "app/manage_accounts.hpp"
#include "app/manage_catalogue.hpp"
#include "app/manage_people.hpp"
#include "app/sign_in.hpp"
#include "base/clock.hpp"
#include "base/code.hpp"
#include "http/answer.hpp"
#include "http/request.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/guard.hpp"
#include "runtime/metrics.hpp"

namespace zl::app {
class HandlePush;
class PageSigner;
class PlatformCallback;
class PlatformSignIn;
class ShowSceneCode;
}  // namespace zl::app

namespace zl::http {

namespace asio = boost::asio;

/// A file by which somebody checks that the site is ours.
struct VerifyFile {
  std::string name;  ///< "MP_verify_a1B2.txt"
  std::string content;
};

/// What a chat platform adds. All null where none is enabled: its calls then answer 404.
struct Platform {
  app::PlatformSignIn* sign_in = nullptr;
  app::PageSigner* pages = nullptr;
  app::PlatformCallback* callback = nullptr;  ///< null too where the platform is to push nothing
  app::HandlePush* pushes = nullptr;          ///< with `callback`
  app::ShowSceneCode* codes = nullptr;
  std::vector<VerifyFile> verify_files;
};

/// Where spreadsheets are made, which takes longer than a loop may.
struct Exports {
  runtime::BlockingPool& pool;
  runtime::BoundedCount& places;  ///< one for each export, from its beginning until it is sent
  std::filesystem::path folder;   ///< for what is written on the way
};

/// Everything that endpoints need; lives as long as the server.
struct Api {
  app::Book& book;
  app::CancelBooking& cancel_booking;
  app::SignIn& sign_in;
  app::ManagePeople& people;
  app::ManageCatalogue& manage_catalogue;
  app::ManageAccounts& accounts;
  app::CheckInDesk& door;
  app::BookingLedger& ledger;  ///< reads only
  app::AuditStore& audit;      ///< reads only
  const app::CatalogueHolder& catalogue;
  const app::GateClock& time;
  const app::BookingIds& ids;
  const base::Clock& clock;
  runtime::Metrics& metrics;
  Exports exports;
  bool (*ready)(const void* context);  ///< Redis and MySQL answer
  const void* ready_context;
  int offset_minutes;
  bool dev_login;
  bool cookie_is_secure;  ///< false on loopback: the cookie is then named zl
  bool metrics_here;      ///< /metrics is served on this listener too
  Platform platform = {};
};

/// An answer that is there at once, or one to wait for.
using Reply = std::variant<Answer, asio::awaitable<Answer>>;

/// What answers a call: a coroutine, or for what the rush asks a function that needs none where memory knows.
class Endpoint {
 public:
  using Coroutine = asio::awaitable<Answer> (*)(const Api& api, Request& request);
  using Function = Reply (*)(const Api& api, Request& request);

  constexpr Endpoint(Coroutine coroutine) : coroutine_(coroutine) {}
  constexpr Endpoint(Function function) : function_(function) {}

  Reply operator()(const Api& api, Request& request) const {
    if (function_ != nullptr) return function_(api, request);
    return coroutine_(api, request);
  }

 private:
  Coroutine coroutine_ = nullptr;
  Function function_ = nullptr;
};

}  // namespace zl::http

#include "wechat/scene_codes.hpp"

#include <algorithm>
#include <chrono>

#include "runtime/log.hpp"
#include "wechat/json.hpp"
#include "wechat/signature.hpp"
#include "wechat/url.hpp"

namespace zl::wechat {
namespace {

using base::Milliseconds;
using base::Outcome;
using boost::asio::awaitable;

constexpr Milliseconds turn_duration{30'000};
constexpr Milliseconds wait_between_looks{200};
constexpr int looks_max = 25;
constexpr Milliseconds shortest{60'000};
constexpr Milliseconds for_ever = std::chrono::hours(24 * 365 * 100);
constexpr std::size_t value_limit_bytes = 1024;  // what the store has room for
constexpr int permanent_used_up = 45029;

std::string request_json(std::string_view scene, std::optional<Milliseconds> lifetime) {
  const std::string info = R"("action_info":{"scene":{"scene_str":)" + json_text(scene) + "}}}";
  if (!lifetime) return R"({"action_name":"QR_LIMIT_STR_SCENE",)" + info;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*lifetime).count();
  return R"({"expire_seconds":)" + std::to_string(seconds) + R"(,"action_name":"QR_STR_SCENE",)" + info;
}

base::Refused refused_by_platform(const ApiReply& reply) {
  const std::string detail = "errcode " + std::to_string(reply.errcode) + ", rid " + reply.rid;
  if (reply.errcode == permanent_used_up) {
    return {base::Code::invalid_state, "the account's permanent QR codes are used up", {}, 0};
  }
  return {base::Code::unavailable, detail, {}, 0};
}

}  // namespace

std::string WechatSceneCodes::stored_name(std::string_view scene) const {
  // Names are short; the account's has to be part of it, or another account's codes would be shown.
  constexpr std::size_t tag_length = 8;
  return "wechat_code:" + sha1_hex(appid_).substr(0, tag_length) + ":" + std::string(scene);
}

awaitable<Outcome<app::SceneCode>> WechatSceneCodes::code_of(std::string scene, Lifetime lifetime) {
  if (lifetime) lifetime = std::clamp(*lifetime, shortest, lifetime_max);
  const std::string name = stored_name(scene);
  for (int look = 0; look < looks_max; ++look) {
    const auto kept = co_await find(name, lifetime);
    if (!kept) co_return kept.as<app::SceneCode>();
    if (*kept) co_return shown(**kept, !lifetime);
    const auto turn = co_await parts_.store.take_turn(name, turn_duration);
    if (!turn) co_return turn.as<app::SceneCode>();
    if (*turn) {
      const auto made = co_await make(name, **turn, scene, lifetime);
      if (!made) co_return made.as<app::SceneCode>();
      co_return shown(*made, !lifetime);
    }
    co_await parts_.sleeper.sleep_for(wait_between_looks);
  }
  co_return base::Refused{base::Code::unavailable, "another process makes the code", {}, 1};
}

/// The code that is kept, where it does.
WechatSceneCodes::Answer<std::optional<WechatSceneCodes::Made>> WechatSceneCodes::find(std::string name,
                                                                                       Lifetime wanted) {
  const auto kept = co_await parts_.store.find(std::move(name));
  if (!kept) co_return kept.as<std::optional<Made>>();
  const std::size_t newline = *kept ? (*kept)->value.find('\n') : std::string::npos;
  if (newline == std::string::npos) co_return std::optional<Made>();
  const Milliseconds left = (*kept)->lifetime;
  if (left <= Milliseconds(0) || (wanted && left < *wanted - slack)) co_return std::optional<Made>();
  co_return std::optional(Made{(*kept)->value.substr(0, newline), (*kept)->value.substr(newline + 1), left});
}

WechatSceneCodes::Answer<WechatSceneCodes::Made> WechatSceneCodes::make(std::string name, app::RenewalTurn turn,
                                                                        std::string scene, Lifetime lifetime) {
  // Between the look and the turn another may have made it.
  const auto kept = co_await find(name, lifetime);
  if (kept && *kept) {
    (void)co_await parts_.store.end_turn(name, turn);
    co_return **kept;
  }
  auto made = kept ? co_await ask_platform(std::move(scene), lifetime) : kept.as<Made>();
  if (!made) {
    (void)co_await parts_.store.end_turn(name, turn);
    co_return made;
  }
  app::Credential credential{made->ticket + "\n" + made->url, lifetime ? made->lifetime : for_ever};
  const auto stored = co_await parts_.store.put(name, turn, std::move(credential));
  // The code is good all the same; the next who asks gets another.
  if (!stored || !*stored) runtime::log::warning("a QR code was not kept", {{"scene_code", name}});
  co_return made;
}

WechatSceneCodes::Answer<WechatSceneCodes::Made> WechatSceneCodes::ask_platform(std::string scene, Lifetime lifetime) {
  ApiCall call{path, {}, request_json(scene, lifetime), lifetime.has_value()};
  const auto reply = co_await parts_.api.call(std::move(call));
  if (!reply) co_return reply.as<Made>();
  if (reply->reaction != Reaction::proceed) co_return refused_by_platform(*reply);
  const auto json = JsonObject::parse(reply->body);
  Made made{json ? json->text("ticket") : "", json ? json->text("url") : "", lifetime.value_or(for_ever)};
  const bool fits = made.ticket.size() + made.url.size() < value_limit_bytes;
  if (made.ticket.empty() || made.url.empty() || made.ticket.find('\n') != std::string::npos || !fits) {
    co_return base::Unknown{"the platform's answer lacks what was asked for"};
  }
  co_return made;
}

app::SceneCode WechatSceneCodes::shown(const Made& made, bool permanent) const {
  app::SceneCode code{
      made.ticket, made.url, image_origin_ + "/cgi-bin/showqrcode?ticket=" + url_encoded(made.ticket), {}};
  if (!permanent) code.expires_at = parts_.clock.wall_now() + made.lifetime;
  return code;
}

}  // namespace zl::wechat

#include "app/track_messages.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "runtime/log.hpp"

namespace zl::app {
namespace {

constexpr std::size_t template_id_length = 64;

bool is_plain(std::string_view text, std::size_t length_max) {
  return !text.empty() && text.size() <= length_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace

asio::awaitable<base::Outcome<base::Done>> TrackMessages::delivered(std::string openid,
                                                                    std::vector<DeliveryReport> reports) {
  if (!is_plain(openid, base::limits::openid_length)) co_return base::Done{};
  std::erase_if(reports, [](const DeliveryReport& report) {
    return !report.template_id.empty() && !is_plain(report.template_id, template_id_length);
  });
  for (const DeliveryReport& report : reports) {
    if (report.delivery == Delivery::delivered) continue;
    runtime::log::info("message_not_delivered",
                       {{"platform_message_id", report.message_id}, {"detail", report.detail}});
  }
  const base::Outcome<std::vector<ReceiptEffect>> effects =
      co_await store_.add_receipts(std::move(openid), std::move(reports));
  if (!effects) co_return effects.as<base::Done>();
  for (const ReceiptEffect& effect : *effects) metrics_.count(effect.kind, effect.state);
  co_return base::Done{};
}

asio::awaitable<base::Outcome<base::Done>> TrackMessages::consent_changed(std::string openid,
                                                                          std::vector<ConsentChange> changes,
                                                                          std::string push_key) {
  std::erase_if(changes, [](const ConsentChange& change) { return !is_plain(change.template_id, template_id_length); });
  if (changes.empty() || !is_plain(openid, base::limits::openid_length)) co_return base::Done{};
  co_return co_await store_.change_consents(std::move(openid), std::move(changes), std::move(push_key));
}

asio::awaitable<base::Outcome<base::Done>> TrackMessages::set_following(std::string openid, bool follows,
                                                                        std::int64_t told_s) {
  if (!is_plain(openid, base::limits::openid_length)) co_return base::Done{};
  co_return co_await store_.set_following(std::move(openid), follows, told_s);
}

}  // namespace zl::app

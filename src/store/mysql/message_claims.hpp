// Claiming and settling messages of the outbox, each in the caller's transaction. Outcomes are those of
// app::MessageStore.
#pragma once

#include <optional>
#include <string_view>

#include "app/message_store.hpp"
#include "store/mysql/write.hpp"

namespace zl::mysql {

/// `appid` says whose people openids belong to.
std::optional<app::ClaimedMessage> claim_message(Write& write, std::string_view appid);

/// Ends a message in doubt, or its channel, by a receipt of a notice that came before anybody settled its sending;
/// false where there is none.
bool end_by_early_receipt(Write& write, const app::ClaimedMessage& message, std::string_view template_id);

bool settle_message(Write& write, const app::Settlement& settlement);

/// Nothing where the report is of no message of ours yet, was told before, or changes nothing.
std::optional<app::ReceiptEffect> add_receipt(Write& write, std::string_view openid, const app::DeliveryReport& report);

/// Offers that were accepted more than `patience_ms` ago; how many are queued again.
std::uint64_t retry_silent_offers(Connection& connection, std::int64_t patience_ms);

}  // namespace zl::mysql

#include "wechat/callback.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "wechat/push_reader.hpp"
#include "wechat/signature.hpp"
#include "wechat/xml.hpp"

namespace zl::wechat {
namespace {

constexpr std::size_t timestamp_length_max = 20;
// Signatures are over joined texts, so that letters could wander from one to the next. A nonce of less than 64
// characters, without the digits of base64 that are no letters, leaves no room for whole blocks of a sealed body.
constexpr std::size_t nonce_length_max = 32;
constexpr std::size_t echo_length_max = 128;
constexpr std::size_t answer_limit_bytes = 2048;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_alphanumeric(std::string_view text, std::size_t length_min, std::size_t length_max) {
  return text.size() >= length_min && text.size() <= length_max &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c); });
}

bool has_signed_form(const app::PushQuery& query) {
  return is_alphanumeric(query.timestamp, 1, timestamp_length_max) && is_alphanumeric(query.nonce, 1, nonce_length_max);
}

/// At most `limit` bytes, without half a character at the end.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

std::string text_answer(const app::Push& push, std::string_view text, std::int64_t now_s) {
  std::string xml = "<xml>";
  xml.append(xml_cdata("ToUserName", push.openid))
      .append(xml_cdata("FromUserName", push.account))
      .append("<CreateTime>" + std::to_string(now_s) + "</CreateTime>")
      .append(xml_cdata("MsgType", "text"))
      .append(xml_cdata("Content", cut(text, answer_limit_bytes)));
  return xml.append("</xml>");
}

}  // namespace

bool is_timely(std::string_view timestamp, base::Instant now) {
  static constexpr std::int64_t off_at_most_s = 12LL * 3600;
  const std::int64_t now_s = now.unix_ms / 1000;
  std::int64_t signed_s = 0;
  const auto [end, error] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), signed_s);
  if (error != std::errc() || end != timestamp.data() + timestamp.size()) return false;
  return signed_s >= now_s - off_at_most_s && signed_s <= now_s + off_at_most_s;
}

std::string sealed_answer(const MessageCipher& cipher, std::string_view token, std::string_view xml,
                          std::string_view nonce, std::int64_t now_s, base::Random& random) {
  const std::string encrypted = cipher.seal(xml, random);
  const std::string timestamp = std::to_string(now_s);
  std::string envelope = "<xml>";
  envelope.append(xml_cdata("Encrypt", encrypted))
      .append(xml_cdata("MsgSignature", signature_of({token, timestamp, nonce, encrypted})))
      .append("<TimeStamp>" + timestamp + "</TimeStamp>")
      .append(xml_cdata("Nonce", nonce));
  return envelope.append("</xml>");
}

std::optional<Callback> Callback::create(const CallbackConfig& config) {
  if (!is_alphanumeric(config.token, 3, 32)) return std::nullopt;
  if (config.mode == CallbackMode::plain) return Callback(config.mode, config.token, std::nullopt);
  auto cipher = MessageCipher::create(config.encoding_aes_key, config.appid);
  if (!cipher) return std::nullopt;
  return Callback(config.mode, config.token, std::move(cipher));
}

bool Callback::address_is_signed(const app::PushQuery& query) const {
  return has_signed_form(query) && signature_holds(query.signature, {token_, query.timestamp, query.nonce});
}

std::optional<std::string> Callback::check_url(const app::PushQuery& query) const {
  if (!address_is_signed(query) || !is_alphanumeric(query.echostr, 1, echo_length_max)) return std::nullopt;
  return query.echostr;
}

std::variant<Received, CallbackFault> Callback::receive(const app::PushQuery& query, std::string_view body) const {
  const bool sealed = query.encrypt_type == "aes";
  if (mode_ == CallbackMode::safe || (mode_ == CallbackMode::compatible && sealed)) return receive_sealed(query, body);
  if (sealed || !address_is_signed(query)) return CallbackFault::forged;
  auto push = read_push(body);
  if (!push) return CallbackFault::unreadable;
  return Received{*std::move(push), false};
}

std::variant<Received, CallbackFault> Callback::receive_sealed(const app::PushQuery& query,
                                                               std::string_view body) const {
  if (!has_signed_form(query)) return CallbackFault::forged;
  const auto envelope = XmlElement::parse(body);
  const std::string encrypted = envelope ? envelope->text("Encrypt") : std::string();
  // The address's own `signature` holds here too and proves nothing about the body.
  if (!signature_holds(query.msg_signature, {token_, query.timestamp, query.nonce, encrypted})) {
    return CallbackFault::forged;
  }
  const auto message = cipher_->open(encrypted);
  auto push = message ? read_push(*message) : std::nullopt;
  if (!push) return CallbackFault::unreadable;
  return Received{*std::move(push), true};
}

std::string Callback::answer(const Received& received, std::string_view nonce, std::string_view text,
                             std::int64_t now_s, base::Random& random) const {
  std::string xml = text_answer(received.push, text, now_s);
  return received.sealed ? sealed_answer(*cipher_, token_, xml, nonce, now_s, random) : xml;
}

}  // namespace zl::wechat

// The callback's cipher and signatures against implementations by other hands, both ways. The packages are pinned in
// tests/support/wechat_peers and fetched into the build folder, once.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "runtime/random_device.hpp"
#include "support/servers.hpp"
#include "wechat/message_cipher.hpp"
#include "wechat/signature.hpp"

namespace zl::wechat {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::string token = "RMNlACHlV5ThzfRlVS4D4";
const std::string aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";  // with spare bits set
const std::string appid = "wxb11529c136998cb6";

/// The packages, fetched where they have not been in this form before.
fs::path fetched_peers() {
  const fs::path folder = test::binary_dir() / "wechat_peers";
  test::Process fetch({(test::source_dir() / "tests/support/wechat_peers/fetch").string(), folder.string()});
  if (fetch.wait() != 0) throw std::runtime_error("npm could not fetch the peers");
  return folder;
}

/// Texts of up to 400 letters of one to four bytes, and the shortest.
std::vector<std::string> random_texts(std::size_t count) {
  const std::vector<std::string> letters{"a", "é", "钟", "楼", "😀", "\U0002000B", "\n", "\"", "\\", "<", "]]>"};
  std::mt19937 chance(20180705);
  std::vector<std::string> texts{""};
  while (texts.size() < count) {
    std::string& text = texts.emplace_back();
    for (auto left = chance() % 100; left > 0; --left) text += letters[chance() % letters.size()];
  }
  return texts;
}

std::string signed_by_us(const std::string& timestamp, const std::string& nonce, const std::string& sealed) {
  return signature_of({token, timestamp, nonce, sealed});
}

TEST(WechatPeers, open_what_we_seal_and_seal_what_we_open) {
  const MessageCipher cipher = MessageCipher::create(aes_key, appid).value();
  runtime::SystemRandom random;
  json::array messages;
  for (const std::string& text : random_texts(400)) {
    const std::string sealed = cipher.seal(text, random);
    const std::string nonce = std::to_string(random.below(10'000'000'000));
    messages.push_back(json::object{{"plain", text},
                                    {"sealed", sealed},
                                    {"timestamp", "1714112445"},
                                    {"nonce", nonce},
                                    {"signature", signed_by_us("1714112445", nonce, sealed)}});
  }
  const json::object given{{"token", token}, {"aes_key", aes_key}, {"appid", appid}, {"messages", messages}};

  const fs::path folder = fetched_peers();
  const std::string tag = std::to_string(::getpid());
  const fs::path sent = folder / ("sent_" + tag);
  const fs::path answered = folder / ("answered_" + tag);
  std::ofstream(sent) << json::serialize(given);
  test::Process node({"/bin/sh", "-c", "exec node --no-deprecation \"$0\" < \"$1\" > \"$2\"",
                      (folder / "ciphers.js").string(), sent.string(), answered.string()});
  ASSERT_EQ(node.wait(), 0) << "a peer could not open what we sealed";
  std::ostringstream text;
  text << std::ifstream(answered).rdbuf();
  fs::remove(sent);
  fs::remove(answered);

  const json::object answers = json::parse(text.str()).as_object();
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& peer : answers) {
    SCOPED_TRACE(std::string(peer.key()));
    ASSERT_EQ(peer.value().as_array().size(), 400U);
    for (const json::value& item : peer.value().as_array()) {
      const auto field = [&item](const char* name) { return json::value_to<std::string>(item.at(name)); };
      EXPECT_EQ(cipher.open(field("sealed")), field("plain"));
      EXPECT_EQ(field("signature"), signed_by_us(field("timestamp"), field("nonce"), field("sealed")));
    }
  }
}

}  // namespace
}  // namespace zl::wechat

#include "wechat/aes_cbc.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace zl::wechat {
namespace {

// One call of OpenSSL takes an int; what comes from outside is far below.
constexpr std::size_t input_limit = 64UL * 1024 * 1024;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

void require(bool holds) {
  if (!holds) throw std::runtime_error("OpenSSL failed to run AES");
}

}  // namespace

std::optional<std::string> aes_cbc(Direction direction, std::string_view key, std::string_view iv,
                                   std::string_view input) {
  if (key.size() != 32 && key.size() != 16) return std::nullopt;
  if (iv.size() != aes_block_bytes || input.size() % aes_block_bytes != 0 || input.size() > input_limit) {
    return std::nullopt;
  }
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  require(context != nullptr);
  const EVP_CIPHER* cipher = key.size() == 32 ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
  require(EVP_CipherInit_ex(context.get(), cipher, nullptr, raw(key), raw(iv),
                            direction == Direction::encrypt ? 1 : 0) == 1);
  require(EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1);
  std::string output(input.size(), '\0');
  int written = 0;
  require(EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(output.data()), &written, raw(input),
                           static_cast<int>(input.size())) == 1);
  require(static_cast<std::size_t>(written) == output.size());
  return output;
}

std::string padded(std::string bytes, std::size_t block) {
  const std::size_t count = block - bytes.size() % block;
  bytes.append(count, static_cast<char>(count));
  return bytes;
}

std::optional<std::string> unpadded(std::string bytes, std::size_t block) {
  if (bytes.empty() || bytes.size() % block != 0) return std::nullopt;
  const auto count = static_cast<unsigned>(static_cast<unsigned char>(bytes.back()));
  // The last block is looked at whole, whatever it says, and the verdict given once.
  unsigned wrong = (count == 0 ? 1U : 0U) | (count > block ? 1U : 0U);
  for (std::size_t i = 0; i < block; ++i) {
    const auto byte = static_cast<unsigned>(static_cast<unsigned char>(bytes[bytes.size() - 1 - i]));
    wrong |= i < count ? byte ^ count : 0U;
  }
  if (wrong != 0) return std::nullopt;
  bytes.resize(bytes.size() - count);
  return bytes;
}

}  // namespace zl::wechat

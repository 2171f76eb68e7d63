#include "store/mysql/hash_fields.hpp"

namespace zl::mysql {
namespace {

template <class N>
void append_big_endian(std::string& out, N value) {
  for (int shift = (static_cast<int>(sizeof value) - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(static_cast<unsigned char>(value >> shift));
  }
}

}  // namespace

void append_hash_field(std::string& out, std::string_view bytes) {
  append_big_endian(out, static_cast<std::uint32_t>(bytes.size()));
  out += bytes;
}

void append_hash_field(std::string& out, std::uint64_t value) {
  append_big_endian(out, std::uint32_t{8});
  append_big_endian(out, value);
}

}  // namespace zl::mysql

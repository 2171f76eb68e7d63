#include "app/said_words.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace zl::app {
namespace {

// Longer texts are no orders.
constexpr std::size_t order_bytes_max = 64;

/// Two- and three-byte forms of what people's keyboards put for ASCII, from U+FF01 to U+FF5E, and of spaces.
constexpr std::string_view wide_space = "\xE3\x80\x80";
constexpr std::string_view no_break_space = "\xC2\xA0";

constexpr std::string_view numerals[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"};
constexpr std::string_view number_words[] = {"第", "号", "个", "項", "项", "條", "条"};
constexpr std::string_view closing[] = {"。", "，", "、", "～", ".", ",", "!", "~"};

struct Phrase {
  std::string_view words;
  Wish wish;
};
constexpr Phrase phrases[] = {{"我的预约", Wish::my_bookings},
                              {"预约", Wish::my_bookings},
                              {"我的预定", Wish::my_bookings},
                              {"我的报名", Wish::my_bookings},
                              {"我的活动", Wish::my_bookings},
                              {"查询", Wish::my_bookings},
                              {"取消", Wish::list_for_cancelling},
                              {"取消预约", Wish::list_for_cancelling},
                              {"取消报名", Wish::list_for_cancelling},
                              {"今日活动", Wish::today},
                              {"今天活动", Wish::today},
                              {"今天", Wish::today},
                              {"今日", Wish::today},
                              {"活动", Wish::today}};

bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

/// The ASCII of a full-width character at the front, which is taken; 0 where there is none.
char take_full_width(std::string_view& text) {
  if (text.size() < 3 || text[0] != '\xEF') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  if ((second != 0xBC && second != 0xBD) || third < 0x80 || third > 0xBF) return 0;
  const int wide = (second - 0xBC) * 64 + (third - 0x80);  // from U+FF00 on
  if (wide < 0x01 || wide > 0x5E) return 0;
  text.remove_prefix(3);
  return static_cast<char>(wide + 0x20);
}

/// Without spaces, ASCII for full-width forms.
std::string plain(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (take(text, wide_space) || take(text, no_break_space)) continue;
    char c = take_full_width(text);
    if (c == 0) {
      c = text.front();
      text.remove_prefix(1);
    }
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out.push_back(c);
  }
  return out;
}

std::string_view without_closing(std::string_view text) {
  while (true) {
    const auto* found = std::ranges::find_if(closing, [&](std::string_view mark) { return text.ends_with(mark); });
    if (found == std::end(closing)) return text;
    text.remove_suffix(found->size());
  }
}

/// All of `text` as a number of one or two digits, or as a numeral up to ten; 0 where it is none.
int number_of(std::string_view text) {
  const auto* numeral = std::ranges::find(numerals, text);
  if (numeral != std::end(numerals)) return static_cast<int>(numeral - std::begin(numerals)) + 1;
  const bool digits =
      !text.empty() && text.size() <= 2 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return 0;
  int number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return number;
}

/// "取消2", "取消第2个", "取消预约二"
std::optional<SaidWish> numbered_cancelling(std::string_view text) {
  if (!take(text, "取消")) return std::nullopt;
  if (!take(text, "预约")) take(text, "报名");
  for (const std::string_view word : number_words) {
    take(text, word);
    if (text.ends_with(word)) text.remove_suffix(word.size());
  }
  const int number = number_of(text);
  // Whoever wants something cancelled is shown what could be, where nothing else is clear.
  return number == 0 ? SaidWish{Wish::list_for_cancelling, 0} : SaidWish{Wish::cancel, number};
}

}  // namespace

SaidWish wish_of(std::string_view said) {
  if (said.size() > order_bytes_max * 3) return {};
  const std::string words = plain(said);
  if (words.size() > order_bytes_max) return {};
  const std::string_view order = without_closing(words);
  for (const Phrase& phrase : phrases) {
    if (order == phrase.words) return {phrase.wish, 0};
  }
  return numbered_cancelling(order).value_or(SaidWish{});
}

}  // namespace zl::app

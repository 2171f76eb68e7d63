// Numbers of resident identity cards (GB 11643-1999), for the vectors alone: the product asks nobody for one, since a
// booking needs only a name and a day of birth, so that the check has no place in `domain` until something does.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace zl::test {

struct ResidentId {
  std::string reason;  ///< ok, format, check_digit or birthdate
  int weighted_sum = 0;
  char check_char = '0';  ///< as it has to be
  std::string birth;      ///< YYYY-MM-DD
  char sex = 'F';
  std::string region;
};

/// ISO 7064 MOD 11-2 over the first 17 digits, of which there have to be so many. Regions change, and none is refused.
inline ResidentId read_resident_id(std::string_view id) {
  static constexpr int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  ResidentId read;
  for (std::size_t i = 0; i < std::size(weights); ++i) read.weighted_sum += (id[i] - '0') * weights[i];
  read.check_char = std::string_view("10X98765432")[static_cast<std::size_t>(read.weighted_sum % 11)];
  read.birth.append(id.substr(6, 4)).append("-").append(id.substr(10, 2)).append("-").append(id.substr(12, 2));
  read.sex = (id[16] - '0') % 2 == 1 ? 'M' : 'F';
  read.region = id.substr(0, 6);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (id.size() != 18 || (!is_digit(id[17]) && id[17] != 'X')) {
    read.reason = "format";
  } else if (id[17] != read.check_char) {
    read.reason = "check_digit";
  } else {
    const int birth = std::stoi(std::string(id.substr(6, 8)));
    const std::chrono::year_month_day day(std::chrono::year(birth / 10'000),
                                          std::chrono::month(static_cast<unsigned>(birth / 100 % 100)),
                                          std::chrono::day(static_cast<unsigned>(birth % 100)));
    read.reason = day.ok() ? "ok" : "birthdate";
  }
  return read;
}

}  // namespace zl::test

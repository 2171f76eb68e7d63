// What the tests of booking share: an engine with two activities and five children, and answers made short.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/book.hpp"
#include "support/engine.hpp"

namespace zl::app {

/// Activity 1 has two seats, activity 2 has ten; children 1 to 5.
class BookTest : public testing::Test {
 protected:
  explicit BookTest(std::size_t place_limit = 100) : engine(place_limit) {
    engine.put(test::sample_activity(1, 2));
    engine.put(test::sample_activity(2, 10));
    engine.publish();
    engine.build_gate();
    for (std::uint64_t child = 1; child <= 5; ++child) engine.add_child(child);
  }

  base::Outcome<BookAnswer> press(std::uint64_t child, std::uint64_t activity = 1,
                                  const std::string& key = "key-0001") {
    return engine.run(engine.press(child, activity, key));
  }

  static const Booked& booked(const base::Outcome<BookAnswer>& answer) { return std::get<Booked>(*answer); }
  static const domain::Refusal& refusal(const base::Outcome<BookAnswer>& answer) {
    return std::get<domain::Refusal>(*answer);
  }

  static bool is_booked(const base::Outcome<BookAnswer>& answer) {
    return answer && std::holds_alternative<Booked>(*answer);
  }

  /// The codes of a refusal for rules; a booking, a refused or an unknown call has none.
  static std::vector<base::Code> codes(const base::Outcome<BookAnswer>& answer) {
    std::vector<base::Code> out;
    if (!answer || is_booked(answer)) return out;
    for (const domain::Violation& violation : refusal(answer).violations) out.push_back(domain::code_of(violation));
    return out;
  }

  static std::optional<base::Code> refused_with(const base::Outcome<BookAnswer>& answer) {
    if (!answer.is_refused()) return std::nullopt;
    return answer.refused().code;
  }

  bool happened(const std::string& call) const { return std::ranges::find(engine.trace, call) != engine.trace.end(); }

  void set_rules(const domain::Rules& rules) {
    domain::Programme programme = test::sample_programme();
    programme.rules = rules;
    ++programme.version;
    engine.put(programme);
    engine.publish();
  }

  /// The gate's unit count is the ledger's plus pending ones, and neither breaks its own rules.
  void expect_sound() const {
    EXPECT_EQ(engine.gate.model.fault(), "");
    EXPECT_EQ(engine.ledger.model.fault(), "");
  }

  test::Engine engine;
};

}  // namespace zl::app

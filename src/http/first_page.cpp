#include "http/first_page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/limits.hpp"
#include "http/endpoint_support.hpp"
#include "http/wire_names.hpp"

namespace zl::http {
namespace {

app::PageText make_page(const app::ProgrammeEntry& programme, int offset_minutes) {
  const PlacePage first;
  const auto shown_ones = select_page(List::activities, programme.activities, first, [](const auto& entry) {
    return entry.activity.publication != domain::Publication::draft;
  });
  app::PageText page;
  JsonWriter json(page.text, offset_minutes);
  write_page(json, shown_ones, [&](const app::ActivityEntry& entry) {
    const domain::Activity& activity = entry.activity;
    page.parts.push_back({write_shell(json, entry), entry.seats.get(), domain::timetable_of(*entry.programme, activity),
                          activity.capacity, activity.capacity - activity.seats_taken});
  });
  page.text.shrink_to_fit();
  return page;
}

/// Appends what goes between the page's pieces, and the pieces.
class Assembly {
 public:
  Assembly(const app::PageText& page, std::size_t bytes) : text_(page.text) { out_.reserve(bytes); }

  void up_to(std::size_t cut) {
    out_.append(text_, at_, cut - at_);
    at_ = cut;
  }
  void add(std::string_view part) { out_.append(part); }
  void add(int number) {
    std::array<char, 12> digits{};
    const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out_.append(digits.data(), end);
  }
  std::string finish() {
    up_to(text_.size());
    return std::move(out_);
  }

 private:
  const std::string& text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string first_page(const app::ProgrammeEntry& programme, base::Instant now, base::SteadyTime steady_now,
                       int offset_minutes) {
  constexpr std::size_t for_changes = 64;  // of an activity: seats, state and time
  const app::PageText& page = programme.first_page.get([&] { return make_page(programme, offset_minutes); });
  const std::string server_time = instant_text(now, offset_minutes);
  Assembly out(page, page.text.size() + page.parts.size() * for_changes);
  for (const app::PageText::Part& part : page.parts) {
    part.seats->touch(steady_now);
    const int known = app::remaining_of(part.times.publication, *part.seats, part.left_by_ledger);
    const int remaining = std::clamp(known, 0, part.capacity);
    const auto [remaining_at, state_at, time_at] = part.cuts;
    out.up_to(remaining_at);
    out.add(remaining);
    out.up_to(state_at);
    out.add("\"");
    out.add(name_of(domain::public_state(part.times, remaining, now)));
    out.add("\"");
    out.up_to(time_at);
    out.add(server_time);
  }
  return out.finish();
}

}  // namespace zl::http

#include "sim/mysql_sim.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace zl::sim {

using domain::Publication;

MysqlSim::MysqlSim(Setting& setting) : setting_(setting) {
  const Plan& plan = setting.plan;
  station_.id = test::id_of<base::StationId>(1);
  station_.name = "钟楼";
  programme_ = test::sample_programme();
  programme_.rules = plan.rules;
  programme_.opens_at = start_of_run + base::Milliseconds(plan.opens_ms);
  programme_.closes_at = start_of_run + std::chrono::hours(24);
  if (plan.closes_ms) programme_.closes_at = start_of_run + base::Milliseconds(*plan.closes_ms);
  ledger_.put(programme_);
  const std::size_t published = plan.capacities.size();
  for (std::size_t i = 0; i < published + static_cast<std::size_t>(plan.drafts); ++i) {
    const std::uint64_t number = i + 1;
    domain::Activity activity = test::sample_activity(number, i < published ? plan.capacities[i] : 2);
    if (plan.overlapping) activity.sessions.front().time = test::sample_activity(1, 1).sessions.front().time;
    if (i >= published) activity.publication = Publication::draft;
    ledger_.put(activity);
    ledger_.activity(activity.id).open = i < published;
    activity_ids_.push_back(activity.id);
  }
}

void MysqlSim::set_up(bool up) {
  up_ = up;
  setting_.trace.note(nobody, "mysql", up ? "start" : "crash");
}

base::Outcome<app::LedgerAnswer> MysqlSim::book(const app::LedgerItem& item) {
  app::LedgerItem taken = item;
  if (setting_.bug == Bug::fence_ignored) taken.grant.value = ~std::uint64_t{0};
  base::Outcome<app::LedgerAnswer> answer = ledger_.book(taken);
  if (answer && std::holds_alternative<app::LedgerBooked>(*answer)) {
    committed_ms_.try_emplace(item.wish.id, setting_.now_ms());
    const bool made = !std::get<app::LedgerBooked>(*answer).earlier || setting_.bug == Bug::audited_again;
    if (made && setting_.bug != Bug::audited_after_commit) tell("booking.create", item.wish.id.bytes, item.actor);
  }
  return answer;
}

base::Outcome<app::Cancelled> MysqlSim::cancel(const base::BookingId& id, const app::Actor& actor, base::Instant now) {
  base::Outcome<app::Cancelled> answer = ledger_.cancel(id, now);
  const bool done_now = answer && (!answer->earlier || setting_.bug == Bug::audited_again);
  if (done_now) tell("booking.cancel", id.bytes, actor);
  return answer;
}

std::optional<std::int64_t> MysqlSim::committed_ms(const base::BookingId& id) const {
  const auto found = committed_ms_.find(id);
  return found == committed_ms_.end() ? std::nullopt : std::optional(found->second);
}

base::Outcome<app::GateImage> MysqlSim::rebuild_image(const base::ProgrammeId& id) {
  std::map<base::ActivityId, domain::GrantNumber> fences;
  for (const base::ActivityId& activity : activity_ids_) fences[activity] = row(activity).fence;
  base::Outcome<app::GateImage> image = ledger_.rebuild_image(id);
  if (setting_.bug == Bug::rebuild_without_fence) {
    for (const auto& [activity, fence] : fences) row(activity).fence = fence;
  }
  return image;
}

domain::Activity MysqlSim::activity(const base::ActivityId& id) const {
  domain::Activity content = ledger_.activity(id).content;
  content.seats_taken = ledger_.taken(id);
  return content;
}

app::CatalogueContent MysqlSim::content() const {
  app::CatalogueContent content{{station_}, {programme_}, {}};
  for (const base::ActivityId& id : activity_ids_) content.activities.push_back(activity(id));
  return content;
}

base::Outcome<app::ProgrammeContent> MysqlSim::programme_content(const base::ProgrammeId& id) const {
  if (id != programme_.id) return base::Code::not_found;
  return app::ProgrammeContent{programme_, content().activities};
}

void MysqlSim::note_change() {
  // Now and then a transaction takes its number and commits only after the next one did, within a few seconds.
  constexpr std::int64_t longest_transaction_ms = 5000;
  const auto held_back = std::exchange(held_back_, std::nullopt);
  if (held_back && setting_.now_ms() - held_back->since_ms < longest_transaction_ms) {
    const app::Change late{held_back->seq, app::ChangeKind::programme, programme_.id.bytes, 0};
    changes_.insert(std::ranges::upper_bound(changes_, late.seq, {}, &app::Change::seq), late);
    setting_.seen.add("mysql", "change committed after a later one");
    return;
  }
  if (setting_.chance.percent(25)) held_back_ = {next_change_++, setting_.now_ms()};
  changes_.push_back({next_change_++, app::ChangeKind::programme, programme_.id.bytes, 0});
}

base::Outcome<domain::Programme> MysqlSim::update_programme(const domain::Programme& wanted, std::uint64_t version,
                                                            const app::Actor& actor) {
  if (programme_.version != version) return base::Code::version_mismatch;
  for (const base::ActivityId& id : activity_ids_) {
    if (ledger_.taken(id) > 0) return base::Code::invalid_state;
  }
  ledger_.fence_programme(programme_.id);
  programme_ = wanted;
  programme_.version = version + 1;
  ledger_.put(programme_);
  tell("programme.update", programme_.id.bytes, actor);
  note_change();
  return programme_;
}

bool MysqlSim::known(const base::ActivityId& id) const {
  return std::ranges::find(activity_ids_, id) != activity_ids_.end();
}

base::Outcome<domain::Activity> MysqlSim::changed(const base::ActivityId& id, std::string_view how,
                                                  const app::Actor& actor) {
  if (setting_.bug != Bug::capacity_not_audited || how != "activity.update") tell(how, id.bytes, actor);
  ++row(id).content.version;
  note_change();
  return activity(id);
}

base::Outcome<domain::Activity> MysqlSim::update_activity(const domain::Activity& wanted, std::uint64_t version,
                                                          const app::Actor& actor) {
  if (!known(wanted.id)) return base::Code::not_found;
  domain::Activity& content = row(wanted.id).content;
  if (content.version != version) return base::Code::version_mismatch;
  if (content.publication == Publication::cancelled) return base::Code::invalid_state;
  if (ledger_.taken(wanted.id) > wanted.capacity) return base::Code::invalid_state;
  const bool published = content.publication == Publication::published;
  if (published && wanted.capacity < content.capacity) ledger_.fence_programme(programme_.id);
  content.capacity = wanted.capacity;
  return changed(wanted.id, "activity.update", actor);
}

base::Outcome<domain::Activity> MysqlSim::publish(const base::ActivityId& id, const app::Actor& actor) {
  if (!known(id)) return base::Code::not_found;
  domain::Activity& content = row(id).content;
  if (content.publication == Publication::published) return activity(id);
  if (content.publication == Publication::cancelled) return base::Code::invalid_state;
  content.publication = Publication::published;
  row(id).open = true;
  return changed(id, "activity.publish", actor);
}

base::Outcome<domain::Activity> MysqlSim::cancel_activity(const base::ActivityId& id, const app::Actor& actor,
                                                          base::Instant now) {
  if (!known(id)) return base::Code::not_found;
  if (row(id).content.publication == Publication::cancelled) return activity(id);
  row(id).content.publication = Publication::cancelled;
  row(id).open = false;
  for (const app::GateBooking& booking : ledger_.active_bookings(id)) {
    (void)ledger_.cancel(booking.id, now);
    ended_with_activity_.insert(booking.id);
  }
  return changed(id, "activity.cancel", actor);
}

base::Outcome<app::CheckInResult> MysqlSim::check_in(const app::CheckInItem& item) {
  app::CheckIn wish;
  wish.id = item.id;
  wish.booking_id = item.booking_id;
  wish.session_id = item.session_id;
  wish.at = item.at;
  const domain::Booking* booking = ledger_.find(wish.booking_id);
  if (booking == nullptr) return base::Code::not_found;
  if (booking->activity_id != item.activity_id) return base::Code::wrong_session;
  if (booking->state != domain::BookingState::confirmed) return base::Code::invalid_state;
  for (const CheckInRow& earlier : check_ins_) {
    if (earlier.check_in.id != wish.id) continue;
    if (earlier.check_in.booking_id != wish.booking_id) return base::Code::idempotency_conflict;
    return app::CheckInResult{earlier.check_in, true};
  }
  for (const CheckInRow& first : check_ins_) {
    const bool same = first.check_in.booking_id == wish.booking_id && first.check_in.session_id == wish.session_id;
    if (same && first.active) return app::CheckInResult{first.check_in, true};
  }
  check_ins_.push_back({wish, true});
  tell("check_in.create", wish.id.bytes, item.actor);
  return app::CheckInResult{wish, false};
}

base::Outcome<base::Done> MysqlSim::undo(const base::CheckInId& id, const app::Actor& actor) {
  for (CheckInRow& known : check_ins_) {
    if (known.check_in.id != id) continue;
    const bool stood = std::exchange(known.active, false);
    if (stood || setting_.bug == Bug::audited_again) tell("check_in.undo", id.bytes, actor);
    return base::Done{};
  }
  return base::Code::not_found;
}

std::vector<app::Change> MysqlSim::changes_since(std::uint64_t seq, std::size_t limit) const {
  std::vector<app::Change> rows;
  for (const app::Change& change : changes_) {
    if (change.seq > seq && rows.size() < limit) rows.push_back(change);
  }
  return rows;
}

bool MysqlSim::take_turn(Owner owner) {
  constexpr std::int64_t turn_ms = 5000;
  if (turn_of_ != owner && setting_.now_ms() < turn_until_ms_) return false;
  turn_of_ = owner;
  turn_until_ms_ = setting_.now_ms() + turn_ms;
  return true;
}

std::optional<app::AttendeeFacts> MysqlSim::facts(const base::AttendeeId& id) const {
  const auto found = attendees_.find(id);
  return found == attendees_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace zl::sim

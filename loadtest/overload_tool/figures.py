"""What the load's own counts say: goodput, latencies of who was accepted, recovery."""
import statistics
from collections.abc import Callable

STEP = 1.1  # times the best goodput so far is asked for next
GROWTH = 1.02  # of the goodput, without which there is no next step
MOST_STEPS = 10  # from the closed loop on
MOST_OF_PEAK = 1.05  # a flood that makes more shows that the peak was none
MOST_LATE_MS = 500  # of the load itself; beyond it, latencies tell of the load
LEAST_LEFT = 0.9  # of what others make, beside who hammers
RECOVERED_SLICES = 5  # so many in a row without a refusal and with short waits end the recovery


def phase_of(run: dict, name: str) -> dict:
    return next(phase for phase in run["phases"] if phase["name"] == name)


def goodput(phase: dict) -> float:
    """Bookings that were made per second, by when their answers came."""
    return phase["created"] / phase["seconds"]


def answers(phase: dict, kind: str) -> int:
    return phase["answers"].get(kind, {"count": 0})["count"]


def p99_ms(phase: dict, kind: str) -> float:
    return phase["answers"].get(kind, {"p99_ms": 0.0})["p99_ms"]


def unexpected(phase: dict) -> dict[str, int]:
    """Answers that are neither a booking nor an orderly refusal for want of room."""
    return {kind: found["count"] for kind, found in phase["answers"].items() if kind not in ("201", "503 overloaded")}


def climb(measure: Callable[[float], dict]) -> list[dict]:
    """Steps to the peak, beyond the first refusals: the fuller the queues, the more is committed at once. `measure` gives the
    phase of so many requests a second; of 0, of a closed loop, which finds no more than its callers can ask for and is where the
    steps begin. They end where it takes two to see no growth."""
    steps = []
    rate, in_vain = 0.0, 0
    while True:
        best = peak_of(steps)
        phase = measure(rate)
        steps.append({"per_s": rate, "goodput_per_s": goodput(phase), "refused": answers(phase, "503 overloaded")})
        in_vain = 0 if steps[-1]["goodput_per_s"] >= best * GROWTH else in_vain + 1
        if in_vain == 2 or len(steps) > MOST_STEPS:
            return steps
        rate = peak_of(steps) * STEP


def peak_of(steps: list[dict]) -> float:
    return max((step["goodput_per_s"] for step in steps), default=0.0)


def start_of(run: dict, name: str) -> float:
    before = [phase["name"] for phase in run["phases"]].index(name)
    return sum(phase["seconds"] for phase in run["phases"][:before])


def recovery_s(run: dict, name: str, bound_ms: float) -> float | None:
    """Seconds from the start of the phase after the flood until everybody is served again, and soon; None where that does not
    come while the phase lasts. A slice of time counts by the requests that were meant to leave in it."""
    start = start_of(run, name)
    first = round(start / run["slice_s"])
    last = round((start + phase_of(run, name)["seconds"]) / run["slice_s"])
    well = [one["refused"] == 0 and one["p99_ms"] <= bound_ms and one["created"] == one["meant"] for one in run["slices"][first:last]]
    for index in range(len(well) - RECOVERED_SLICES + 1):
        if all(well[index:index + RECOVERED_SLICES]):
            return index * run["slice_s"]
    return None


def overload_verdict(run: dict, peak: float, least_goodput: float = 0.9) -> dict:
    """The figures of a run of calm, flood and after, beside the aims."""
    flood, calm = phase_of(run, "flood"), phase_of(run, "calm")
    accepted, refused = answers(flood, "201"), answers(flood, "503 overloaded")
    found = {
        "peak_per_s": peak,
        "offered_per_s": flood["meant"] / flood["seconds"],
        "goodput_per_s": goodput(flood),
        "goodput_ratio": goodput(flood) / peak,
        "peak_found": goodput(flood) <= peak * MOST_OF_PEAK,
        "accepted": accepted,
        "refused": refused,
        "calm_p99_ms": p99_ms(calm, "201"),
        "accepted_p99_ms": p99_ms(flood, "201"),
        "refused_p99_ms": p99_ms(flood, "503 overloaded"),
        "generator_lag_p99_ms": flood["lag"]["p99_ms"],
        "load_kept_up": flood["lag"]["p99_ms"] <= MOST_LATE_MS,
        "recovery_s": recovery_s(run, "after", 1000.0),
        "retry_after_s": flood["retry_after_s"],
        "unexpected": unexpected(flood),
        "unanswered": run["unanswered"] + run["broken"],
    }
    found["passed"] = (found["peak_found"] and found["load_kept_up"] and found["goodput_ratio"] >= least_goodput
                       and 0 < found["accepted_p99_ms"] < 1000 and 0 < found["refused_p99_ms"] < 1000
                       and found["recovery_s"] is not None and found["recovery_s"] < 2
                       and refused > 0 and not found["unexpected"] and found["unanswered"] == 0)
    return found


def hammer_verdict(pairs: list[tuple[float, float]], taken: list[dict[str, int]], bucket: float, room: bool = False) -> dict:
    """Of what others made alone and beside those who hammered, and of what those were answered each time. With `room` those ask for
    so little at a time that a 503 means that connections, which are everybody's, are used up."""
    ratios = [beside / alone for alone, beside in pairs]
    ratio = median(ratios)
    first, _, third = statistics.quantiles(ratios, n=4, method="inclusive")
    refused = [sum(count for kind, count in answers.items() if kind.startswith("429")) for answers in taken]
    overloaded = [answers.get("503 overloaded", 0) for answers in taken]
    let_pass = max(sum(answers.values()) - sum(others) for answers, *others in zip(taken, refused, overloaded))
    return {"alone_per_s": [alone for alone, _ in pairs], "beside_per_s": [beside for _, beside in pairs],
            "ratio": ratio, "quartiles": [first, third], "hammer_answers": taken, "hammer_let_pass": let_pass,
            "hammer_refused": refused, "hammer_overloaded": overloaded, "bucket": bucket,
            "passed": ratio >= LEAST_LEFT and 0 < let_pass <= bucket and min(refused) > 0
            and not (room and any(overloaded))}


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

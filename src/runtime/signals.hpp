// Being asked to stop, as a call that returns.
#pragma once

namespace zl::runtime {

/// To be called in main before any thread starts: SIGTERM and SIGINT wait for wait_for_stop(), SIGPIPE is ignored.
void hold_stop_signals();

/// Returns when the process is asked to stop; the signal's name.
const char* wait_for_stop();

}  // namespace zl::runtime

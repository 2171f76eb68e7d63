// Keeps what the process knows in its memory.
#pragma once

namespace zl::runtime {

/// Keys and passwords stay in memory while the process lives: no core file is written of it, not by a pipe to a
/// collector either, and no other process of the same user may read it (prctl(2), PR_SET_DUMPABLE). Where the system
/// does not let it, it stays as it was.
void keep_memory_private();

}  // namespace zl::runtime

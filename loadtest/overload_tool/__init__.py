"""The parts of loadtest/overload."""

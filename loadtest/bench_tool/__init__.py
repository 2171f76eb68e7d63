"""The parts of loadtest/bench."""

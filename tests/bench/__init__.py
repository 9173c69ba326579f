"""Benchmarks: figures are ratios taken in one run, never absolute times (machines differ)."""

"""What holds for every test."""

import os

# No test opens a window, also on a machine that has a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

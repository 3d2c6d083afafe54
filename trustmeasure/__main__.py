"""Run the command line as ``python -m trustmeasure``."""

from trustmeasure.cli import main

main()

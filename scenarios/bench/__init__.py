"""Speed, measured: `ganglion bench SUITE`. A suite is a module with one function, named in `suites.py`."""

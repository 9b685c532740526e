"""What to run, and running it: the top of the stack."""

import sensors  # noqa: F401  (it settles where kernels are kept, before the first is declared)

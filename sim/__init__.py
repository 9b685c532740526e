"""A World made of physics."""

import sensors  # noqa: F401  (it settles where kernels are kept, before the first is declared)

"""A regular package, because packages installed beside it may bring a `tests` of their own."""

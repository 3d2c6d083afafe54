"""The numbers: arrays in, small frozen dataclasses out.

Nothing in here knows pandas, warns, prints, or checks what a user passed. SciPy is
imported inside the functions that need it, because loading it costs more time than the
rest of the package together.
"""

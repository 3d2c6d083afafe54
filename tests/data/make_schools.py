"""Write schools.csv: people in schools of unequal size, with measures on both levels.

y1 to y6 measure two factors on both levels; hours varies between people and, a little, between
schools; support and climate belong to schools.
"""

from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(20240611)
SCHOOLS = 90
sizes = rng.choice([2, 3, 4, 6, 8, 11, 15], size=SCHOOLS, p=[0.1, 0.15, 0.2, 0.2, 0.15, 0.1, 0.1])
of = np.repeat(np.arange(SCHOOLS), sizes)
n = len(of)

support = rng.normal(0, 1, SCHOOLS)
climate = 0.5 * support + rng.normal(0, 0.8, SCHOOLS)
hours = rng.normal(0, 1, n) + rng.normal(0, 0.5, SCHOOLS)[of]
minutes = rng.normal(0, 1, n)

above = rng.multivariate_normal([0, 0], [[0.30, 0.12], [0.12, 0.25]], SCHOOLS)
above[:, 0] += 0.35 * support
above[:, 1] += 0.25 * climate
below = rng.multivariate_normal([0, 0], [[0.7, 0.25], [0.25, 0.6]], n)
below[:, 0] += 0.3 * minutes
below[:, 1] += 0.2 * minutes + 0.15 * hours

found = {"school": [f"s{place + 1:02d}" for place in of]}
for j, (within, between) in enumerate(
    zip([1.0, 0.9, 0.8, 1.0, 0.85, 0.75], [1.0, 0.9, 1.1, 1.0, 0.8, 1.0], strict=True)
):
    f = j // 3
    own = rng.normal(0, 0.65 + 0.05 * j, n)
    shared = rng.normal(0, 0.25, SCHOOLS)
    found[f"y{j + 1}"] = 3 + 0.2 * j + within * below[:, f] + own + (
        between * above[:, f] + shared
    )[of]  # fmt: skip
found["hours"], found["minutes"] = hours, minutes
found["support"], found["climate"] = support[of], climate[of]
frame = pd.DataFrame(found).round(3)
frame = frame.iloc[rng.permutation(n)]
frame.to_csv(Path(__file__).with_name("schools.csv"), index=False)

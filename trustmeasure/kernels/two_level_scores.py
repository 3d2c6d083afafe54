"""What answers tell of the two parts that they are made of, and of latent variables in each.

Answers of person i of cluster j are b_j + w_ij. Given all answers of a cluster, with v its vector
of means and of what belongs to the cluster, the part between clusters has the expectation

    μ_b + Σ_b V_j⁻¹ (v − μ),

and the part within them is what remains of each person's answers. What is linear in a part and
follows it in a model (latent variables) has the expectation that the model gives it there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trustmeasure.kernels.structural import implied, matrices
from trustmeasure.kernels.two_level_models import TwoLevelModel, cluster_covariances, cluster_mean

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Parts:
    """Expected parts of the answers, less their means, and what is known of them.

    Attributes
    ----------
    within : ndarray, shape (n, p_w)
    between : ndarray, shape (J, p_b)
    known_within, known_between : ndarray, shape (J, p_w, p_w) and (J, p_b, p_b)
        Covariances of these expectations, for each cluster.
    """

    within: FloatArray
    between: FloatArray
    known_within: FloatArray
    known_between: FloatArray


def expected_parts(
    model: TwoLevelModel, parameters: FloatArray, values: FloatArray, codes: IntArray
) -> Parts:
    """Split the answers (n, p) of persons in clusters, numbered from 0 without gaps."""
    w, b = model.within, model.between
    p = values.shape[1]
    first, second = (implied(matrices(one, parameters[None])) for one in model.model.layouts)
    size = np.bincount(codes).astype(np.float64)
    sums = np.zeros((len(size), p))
    np.add.at(sums, codes, values)
    means = sums / size[:, None]
    sizes, which = np.unique(size, return_inverse=True)
    whole = cluster_covariances(model, (first, second), sizes)[0]
    shared = np.zeros((p, p))
    shared[np.ix_(b, b)] = second.spread[0]
    weights = shared @ np.linalg.inv(whole)
    known = weights @ shared
    off = means - cluster_mean(model, (first, second), p)[0]
    found = (weights[which] @ off[:, :, None])[..., 0]
    level = np.zeros(p)
    level[w] += first.mean[0]
    level[b] += second.mean[0]
    rest = values - level - found[codes]
    # What stays unknown of a part between clusters stays unknown of the one within.
    unknown = (shared - known)[:, w[:, None], w]
    return Parts(
        within=rest[:, w],
        between=found[:, b],
        known_within=(first.spread[0] - unknown)[which],
        known_between=known[:, b[:, None], b][which],
    )


def score_quality(
    weights: FloatArray, known: FloatArray, regression: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give error variances and squared correlations with the latent variables (J, m) of scores.

    Scores are ``weights`` (m, p) times expected parts, whose covariances are ``known``
    (J, p, p); ``regression`` (m, p) are the weights that regress the latent variables on the
    part itself, and ``variance`` (m,) is their own.
    """
    own = np.einsum("mi,jik,mk->jm", weights, known, weights, optimize=True)
    across = np.einsum("mi,jik,mk->jm", weights, known, regression, optimize=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = across**2 / (own * variance)
    return np.asarray(own - 2.0 * across + variance), np.asarray(share)

"""The numerical validation pages: every cell of the parity tests, ours beside R's."""

from __future__ import annotations

import importlib
import math
from html import escape
from itertools import groupby

from tests.parity import comparison

TITLES = {
    "alpha": "Coefficient alpha",
    "omega": "Coefficient omega",
    "item_analysis": "Item analysis",
    "alpha_variants": "Coefficient alpha: from covariances, under missing answers",
    "lower_bounds": "Guttman's lambdas, prophecy",
    "split_half": "Split halves",
    "greatest_lower_bound": "Greatest lower bound",
    "measurement_error": "Errors of measurement",
    "rater_icc": "Intraclass correlation of raters",
    "retest": "Test and retest",
    "reliability_by": "Reliability by group and wave",
    "reliability_table": "Table of reliability",
    "group_agreement": "Agreement and intraclass correlation of groups",
    "kmo_bartlett": "Sampling adequacy and sphericity",
    "parallel": "Parallel analysis",
    "retention": "Number of factors: criteria",
    "retention_random": "Number of factors: criteria with random samples",
    "efa_extraction": "Factor analysis: extraction",
    "efa_rotation": "Factor analysis: rotation",
    "efa_methods": "Factor analysis: every method of extraction",
    "efa_criteria": "Factor analysis: every criterion of rotation",
    "efa_correlations": "Factor analysis: other correlations",
    "efa_scores": "Factor analysis: scores",
    "efa_bifactor": "Factor analysis: general factors, congruence",
    "split_sample_replication": "Replication in random halves",
    "short_forms": "Short forms",
    "reverse_candidates": "Candidates for reversal",
    "correlations": "Correlations: ranks, incomplete and mixed data, smoothing",
    "sufficient_statistics": "Sufficient statistics",
    "polychoric": "Polychoric and tetrachoric correlations",
    "ordinal_reliability": "Reliability of ordered answers",
    "hierarchical_omega": "Omega of several factors",
    "multilevel_reliability": "Reliability within and between clusters",
    "structural_models": "Confirmatory and structural models",
    "constrained_models": "Structural models with constraints",
    "ordinal_models": "Structural models of ordered items",
    "ordinal_answers": "Ordered items: missing answers, covariates",
    "two_level_models": "Two-level models",
    "structural_estimators": "Structural models: other estimators",
    "structural_questions": "Modification indices, residuals, factor scores",
    "ordinal_questions": "Questions to models of ordered items",
    "two_level_questions": "Questions to two-level models",
    "model_comparison": "Comparison of models",
    "model_differences": "Adjusted differences of models",
    "model_resamples": "Models fitted to resamples",
    "fit_cutoffs": "Cut-offs of fit by simulation",
    "power": "Power",
    "power_ordered": "Power of models of ordered items",
    "invariance": "Measurement invariance of groups",
    "ordinal_invariance": "Measurement invariance of ordered items",
    "invariance_waves": "Measurement invariance over waves",
    "latent_means": "Differences of latent means, limits of bias",
    "alignment": "Alignment of many groups",
    "mediation": "Mediation, moderation",
    "moderation": "Moderation: errors, probes, regions",
    "theory_of_change": "Theory of change",
    "theory_comparison": "The theory of change and its rivals",
    "htmt": "Heterotrait–monotrait ratios",
    "discriminant_validity": "Discriminant validity",
    "convergent_validity": "Convergent validity",
    "fornell_larcker": "Variance extracted beside latent correlations",
    "known_groups": "Known groups",
    "criterion": "Criterion validity and correction for attenuation",
    "mtmm": "Multitrait–multimethod matrices",
    "common_method": "Marker variables, single factor",
    "method_factors": "Method factors",
    "curvilinear": "Curvilinear relations",
}

HEADINGS = "<th>cell</th>" + "".join(
    f"<th style='text-align:right'>{name}</th>" for name in ("ours", "R", "difference")
)


def make() -> dict[str, str]:
    """Write the pages in Markdown from the comparisons that the tests assert, by name."""
    by_topic = {
        topic: list(importlib.import_module(f"tests.parity.topic_{topic}").comparisons())
        for topic in sorted(comparison.topics(), key=_place)
    }
    n_cells = sum(map(len, by_topic.values()))
    n_cases = sum(len({row.case for row in rows}) for rows in by_topic.values())
    index = [
        "# Numerical validation",
        "",
        f"{n_cells:,} values from {n_cases} calls in R, each beside ours. The tests compare the "
        "same cells at every change. Closed forms must agree to 1e-8 relative, iterative "
        "estimates to 1e-4 absolute, fit statistics to 1e-3 relative; a looser tolerance states "
        "its reason. This page shows the largest absolute difference of each call; the pages "
        "behind it show every cell.",
        "",
        "```{toctree}",
        ":maxdepth: 1",
        "",
        *by_topic,
        "```",
    ]
    pages = {}
    for topic, rows in by_topic.items():
        title = TITLES.get(topic, topic.replace("_", " "))
        used = ", ".join(f"{name} {v}" for name, v in comparison.versions(topic).items())
        index += [
            "",
            f"## {title}",
            "",
            "| statistic | R call | cells | largest difference |",
            "|---|---|---:|---:|",
        ]
        page = [f"# {title}", "", f"Reference: {used}.", ""]
        for case, cells in groupby(rows, key=lambda row: row.case):
            part = list(cells)
            first = part[0]
            largest = max((abs(r.ours - r.reference) for r in part if _finite(r)), default=0.0)
            index.append(
                f"| {first.statistic} | {_code(first.call)} | {len(part)} | {largest:.1e} |"
            )
            page += _case(case, part)
        pages[topic] = "\n".join([*page, ""])
    pages["index"] = "\n".join([*index, ""])
    return pages


def _case(case: str, cells: list[comparison.Comparison]) -> list[str]:
    # Tens of thousands of cells: as HTML they need no parsing.
    body = "".join(_line(row) for row in cells)
    reasons = sorted({row.reason for row in cells if row.reason})
    return [
        f":::{{dropdown}} {case}: {len(cells)} cells",
        "",
        _code(cells[0].call),
        "",
        "```{raw} html",
        f"<table class='table'><thead><tr>{HEADINGS}</tr></thead><tbody>{body}</tbody></table>",
        "```",
        "",
        *(f"Tolerance: {reason}" for reason in reasons),
        ":::",
        "",
    ]


def _line(row: comparison.Comparison) -> str:
    difference = f"{row.ours - row.reference:.1e}" if _finite(row) else "–"
    numbers = (f"{row.ours:.8g}", f"{row.reference:.8g}", difference)
    right = "".join(f"<td style='text-align:right'>{number}</td>" for number in numbers)
    return f"<tr><td><code>{escape(row.cell)}</code></td>{right}</tr>"


def _place(topic: str) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(topic) if topic in known else len(known), topic)


def _code(text: str) -> str:
    return "`` " + " ".join(text.split()).replace("|", "\\|") + " ``"


def _finite(row: comparison.Comparison) -> bool:
    return math.isfinite(row.ours) and math.isfinite(row.reference)

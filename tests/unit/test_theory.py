"""The theory of change: what its syntax says, what rivals change, who is refused."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import trustmeasure as tm
from trustmeasure.confirmatory.language.syntax import parse_model
from trustmeasure.confirmatory.language.table import DEFAULTS, ParameterTable, parameter_table
from trustmeasure.errors import DataError, DataWarning, OptionError
from trustmeasure.theory import TheoryOfChange, compare_theories, fit_theory, theory_of_change

FORMS = ("latent", "composite")
# What the simulated people follow; cross paths are the weaker ones.
TRUE = {
    "rel_cog": 0.15, "tec_cog": 0.50, "rel_aff": 0.50, "tec_aff": 0.15,
    "cog_mot": 0.3, "aff_mot": 0.3, "cog_cap": 0.4, "aff_cap": 0.1, "cog_opp": 0.2, "aff_opp": 0.2,
    "mot_com": 0.4, "cap_com": 0.2, "opp_com": 0.1, "mot_res": 0.2, "cap_res": 0.3, "opp_res": 0.2,
    "com_acc": 0.4, "res_acc": 0.2, "com_app": 0.3, "res_app": 0.3, "com_fea": 0.2, "res_fea": 0.4,
}  # fmt: skip


def people(n: int, seed: int = 1) -> pd.DataFrame:
    """Simulate the constructs of the theory, by key."""
    rng = np.random.default_rng(seed)
    theory = theory_of_change("composite")
    values = {"relational": rng.normal(size=n)}
    values["technical"] = 0.4 * values["relational"] + 0.9 * rng.normal(size=n)
    for part in list(theory.variant.parts.values())[2:]:
        causes = [arrow for arrow in theory.variant.arrows if arrow.effect == part.key]
        values[part.key] = sum(TRUE[a.label] * values[a.cause] for a in causes) + 0.7 * rng.normal(
            size=n
        )
    values["psychological_safety"] = 0.3 * values["relational"] + rng.normal(size=n)
    return pd.DataFrame(values)


def scores(n: int, seed: int = 1) -> pd.DataFrame:
    columns = {"relational": "relational_often", "technical": "technical_often"}
    return people(n, seed).rename(columns=columns)


def answers(theory: TheoryOfChange, n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    true = people(n, seed)
    return pd.DataFrame(
        {
            item: true[part.key] + 0.6 * rng.normal(size=n)
            for part in theory.parts.values()
            for item in part.items
        }
    )


def table_of(theory: TheoryOfChange) -> ParameterTable:
    return parameter_table(parse_model(theory.syntax), **DEFAULTS["sem"])  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_the_theory_and_every_rival_are_models_that_can_be_identified(form: str) -> None:
    theory = theory_of_change(form, "all")
    assert list(theory.rivals) == ["general", "safety", "direct"] if form == "latent" else True
    observed = set()
    for model in (theory, *theory.rivals.values()):
        table = table_of(model)
        p = len(table.observed)
        assert table.n_free < p * (p + 1) / 2
        assert not table.ov_x  # predictors are random, so that they may be missing
        observed.add(frozenset(table.observed))
    assert len(observed) == 1  # all about the same data


@pytest.mark.parametrize("form", FORMS)
def test_every_chain_is_defined_and_is_the_product_of_its_paths(form: str) -> None:
    theory = theory_of_change(form)
    defined = {d.name: d.text for d in table_of(theory).definitions}
    assert len(theory.chains) == 2 * 2 * 3 * 2 * 3
    for chain, row in theory.chains.iterrows():
        codes = str(chain).split("_")
        assert row["expression"] == "*".join(f"{a}_{b}" for a, b in pairwise(codes))
        assert defined[str(chain)].split(":=")[1].strip() == row["expression"]
    assert {"emphasis_technical", "emphasis_relational", "indirect_rel_acc"} <= set(defined)


def test_expectation_and_inference_are_told_apart() -> None:
    theory = theory_of_change()
    stated = theory.assumptions
    assert stated.loc["tec_cog", "status"] == "commentary"
    assert stated.loc["rel_aff", "status"] == "inference"
    assert stated.loc[["rel_cog", "tec_aff"], "status"].tolist() == ["allowed"] * 2
    paths = stated[stated["kind"] == "path"]
    assert (paths["source"] != "").all()
    labels = {row.label for row in table_of(theory).free if row.label}
    assert labels == set(paths.index)
    comments = " ".join(line[2:] for line in str(theory).splitlines() if line.startswith("#"))
    assert "rel_aff: inference (this project); expected positive, above rel_cog." in comments
    assert "10.3389/frhs.2022.894599" in comments


def test_rivals_differ_as_they_say() -> None:
    theory = theory_of_change("composite", "all")
    free = {name: table_of(one) for name, one in theory.rivals.items()}
    base = table_of(theory)
    assert free["direct"].n_free - base.n_free == 6
    assert free["safety"].n_free - base.n_free == 3
    assert free["safety_moderator"].n_free - base.n_free == 9
    trust = [row.rhs for row in free["general"].parameters if row.op == "=~"]
    assert trust == ["cognitive_trust", "affective_trust"]
    assert "cog_mot_com_acc" not in str(theory.rivals["general"])
    assert "saf_mot*" in theory.rivals["safety"].syntax
    assert "saf_mot*" not in theory.syntax
    assert "0*psychological_safety" in theory.syntax
    assert "total_rel_acc := rel_acc + indirect_rel_acc" in theory.rivals["direct"].syntax
    assert len(theory.rivals["safety"].chains) == 108
    assert len(theory.rivals["general"].chains) == 36


def test_without_its_rivals_safety_is_no_part_of_the_model() -> None:
    assert "safety" not in theory_of_change("composite", "direct").syntax


def test_banks_give_items_facets_and_pairs() -> None:
    latent = theory_of_change()
    assert latent.constructs.loc["technical", "indicators"].split(", ")[0] == "ts16_often"
    facets = theory_of_change(indicators="facets")
    assert facets.constructs.loc["cognitive_trust", "indicators"] == (
        "cog_reliability, cog_competence, cog_integrity"
    )
    assert facets.constructs.loc["acceptability", "indicators"].startswith("aim1")
    joint = theory_of_change(strategies="joint")
    assert "ts01_often ~~ ts01_well" in joint.syntax
    practitioner = theory_of_change(
        "composite", instruments={"relationships": "practitioner-trust"}
    )
    assert practitioner.constructs.loc["cognitive_trust", "variable"] == "intrapersonal_stakeholder"


def test_users_name_their_own_outcomes_items_and_columns() -> None:
    theory = theory_of_change(
        items={"motivation": ["m1", "m2", "m3"]},
        outcomes={"uptake": ["u1", "u2", "u3"], "reach": []},
        names={"cognitive_trust": "Head"},
    )
    assert "motivation =~ m1 + m2 + m3" in theory.syntax
    assert "uptake =~ u1 + u2 + u3" in theory.syntax
    assert "Head ~ rel_cog*relational" in theory.syntax
    assert set(theory.chains["outcome"]) == {"uptake", "reach"}
    table_of(theory)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"form": "partial"}, "'latent', 'composite'"),
        ({"rivals": "generl"}, "Did you mean 'general'"),
        ({"rivals": "safety_moderator"}, "form='composite'"),
        ({"strategies": "rarely"}, "'often', 'well', 'joint'"),
        ({"instruments": {"outcome": "aim-iam-fim-2017"}}, "Did you mean 'outcomes'"),
        ({"instruments": {"relationships": "trust-pulse"}}, "no pair of scales"),
        ({"outcomes": []}, "is empty"),
        ({"outcomes": ["motivation"]}, "another part"),
        ({"outcomes": ["my outcome"]}, "letters, digits"),
        ({"names": {"trust": "T"}}, "no part of the theory"),
        ({"names": {"motivation": "capability"}}, "both be called"),
        ({"items": {"motivation": ["m1"]}}, "at least 2 items"),
        ({"form": "composite", "items": {"motivation": ["a", "b"]}}, "one column"),
    ],
)
def test_what_is_not_offered_is_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        theory_of_change(**arguments)  # type: ignore[arg-type]


def test_a_small_sample_is_refused_the_latent_form_and_offered_the_composite() -> None:
    few = answers(theory_of_change(), 150)
    with pytest.raises(DataError, match=r"150 persons.*form='composite'.*can be done here"):
        fit_theory(few, form="latent")
    with pytest.raises(DataError, match=r"20 person.*at least 36.*Fritz.*mediation"):
        fit_theory(scores(20), form="composite")
    own = {"composite_path_n": {"criterion": {"least": 18, "source": "Our protocol, 2026"}}}
    with pytest.warns(DataWarning, match=r"20 persons for \d+ free parameters"):
        found = fit_theory(scores(20), form="composite", thresholds=own, intervals="delta")
    assert found.n == 20


def test_paths_and_emphases_are_recovered_by_the_composite_form() -> None:
    found = fit_theory(scores(2000), form="composite", n_boot=200, rng=1)
    assert found.settings["intervals"] == "bootstrap"
    error = found.paths["est"] - pd.Series(TRUE)
    assert error.abs().max() < 0.08
    assert (found.paths["ci_low"] < found.paths["est"]).all()
    assert (found.paths["est"] < found.paths["ci_high"]).all()
    assert (found.emphasis["ci_low"] > 0.2).all()
    assert found.chains.notna().all(axis=None)
    assert (found.chains["ci_low"] < found.chains["ci_high"]).all()
    product = np.prod(
        [found.paths.loc[p, "est"] for p in ("tec_cog", "cog_cap", "cap_res", "res_fea")]
    )
    assert found.chains.loc["tec_cog_cap_res_fea", "est"] == pytest.approx(product, rel=1e-10)
    whole = found.chains.query("strategy == 'technical' and outcome == 'feasibility'")["est"].sum()
    assert found.sums.loc["indirect_tec_fea", "est"] == pytest.approx(whole, rel=1e-10)
    json.dumps(found.to_dict())


def test_bootstrap_and_delta_method_agree_where_samples_are_large() -> None:
    data = scores(1500)
    bootstrap = fit_theory(data, form="composite", n_boot=500, rng=1)
    delta = fit_theory(data, form="composite", intervals="delta")
    pd.testing.assert_series_equal(bootstrap.paths["est"], delta.paths["est"])
    ratio = bootstrap.paths["se"] / delta.paths["se"]
    assert ratio.between(0.85, 1.15).all()  # 500 replicates: some 3 % of chance each way
    assert (bootstrap.paths["ci_low"] - delta.paths["ci_low"]).abs().max() < 0.02


def test_latent_paths_are_recovered() -> None:
    theory = theory_of_change(indicators="facets")
    found = theory.fit(answers(theory, 1100), estimator="ML")
    assert found.structural.converged
    assert found.structural.admissible
    assert (found.paths["est"] - pd.Series(TRUE)).abs().max() < 0.15
    assert (found.emphasis["std_ci_low"] > 0).all()
    assert found.settings["n_needed"] <= 1100


def test_reliability_undoes_what_error_takes_away() -> None:
    true = scores(4000)
    rng = np.random.default_rng(3)
    noisy = true + np.sqrt(0.25) * true.std().to_numpy() * rng.normal(size=true.shape)
    reliability = dict.fromkeys(theory_of_change("composite").variant.parts, 0.8)
    plain = fit_theory(noisy, form="composite", intervals="delta", estimator="ML")
    corrected = fit_theory(
        noisy, form="composite", intervals="delta", estimator="ML", reliability=reliability
    )
    wrong, right = (
        (found.paths["est"] - pd.Series(TRUE)).abs().mean() for found in (plain, corrected)
    )
    assert right < 0.04
    assert right < wrong / 2
    error = corrected.structural.estimates.query("lhs == 'motivation' and op == '~~'")
    assert error["est"].iloc[0] == pytest.approx(0.2 * noisy["motivation"].var(), rel=1e-9)
    with pytest.raises(OptionError, match="above 0"):
        fit_theory(noisy, form="composite", reliability={"motivation": 1.2})
    with pytest.raises(OptionError, match="no part"):
        fit_theory(noisy, form="composite", reliability={"drive": 0.8})


def test_rivals_are_compared_on_the_same_data() -> None:
    data = scores(500)
    data["team"] = np.arange(500) % 40
    found = compare_theories(
        data, form="composite", rivals="all", cluster="team", intervals="delta"
    )
    assert found.table["bic"].idxmin() == "theory"
    assert found.differences.loc["general", "nested"] == "no"
    assert found.table.loc["general", "delta_aic"] > 20
    assert (found.differences.loc[["safety", "direct"], "pvalue"] > 0.01).all()
    assert found.differences["df"].tolist()[1:] == [3, 9, 6]
    assert found.table["akaike_weight"].sum() == pytest.approx(1)
    assert {len(fit.structural.fitted.samples.groups[0].mean) for fit in found.fits.values()} == {
        16
    }
    json.dumps(found.to_dict())
    with pytest.raises(OptionError, match="no rivals"):
        compare_theories(data, theory_of_change("composite"))


def test_one_latent_trust_is_nested_in_two_at_the_edge() -> None:
    theory = theory_of_change(rivals="general", indicators="facets")
    found = compare_theories(answers(theory, 1100), theory, estimator="ML")
    row = found.differences.loc["general"]
    assert (row["restricted"], row["nested"], row["df"]) == ("general", "edge", 6)
    assert row["pvalue"] < 1e-6


def test_a_moderator_of_teams_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(2)
    data = scores(1200)
    data["team"] = np.arange(1200) % 60
    safe = rng.normal(size=60)[data["team"]]
    data["psychological_safety"] += safe
    centred = data["cognitive_trust"] - data["cognitive_trust"].mean()
    data["motivation"] += 0.3 * centred * safe
    theory = theory_of_change("composite", "safety_moderator")
    found = theory.rivals["safety_moderator"].fit(data, cluster="team", intervals="delta")
    assert found.paths.loc["cog_mot_by_tsa", "ci_low"] > 0.15
    assert abs(found.paths.loc["aff_mot_by_tsa", "est"]) < 0.1
    with pytest.raises(OptionError, match="cluster='column'"):
        theory.fit(data)
    with pytest.raises(OptionError, match="products"):
        theory.fit(data, cluster="team", reliability={"motivation": 0.8})
    data["team"] = np.arange(1200) % 5
    with pytest.warns(DataWarning, match="5 teams"):
        theory.fit(data, cluster="team", intervals="delta")


def test_missing_scores_are_used_by_full_information() -> None:
    data = scores(600)
    holes = np.random.default_rng(1).random(data.shape) < 0.05
    found = fit_theory(data.mask(holes), form="composite")
    assert found.n == 600
    assert found.settings["intervals"] == "delta"
    some = fit_theory(data.mask(holes), form="composite", intervals="bootstrap", n_boot=50, rng=1)
    assert some.settings["intervals"] == "bootstrap"
    listwise = fit_theory(data.mask(holes), form="composite", missing="listwise", n_boot=50)
    assert listwise.n < 600


def test_scores_of_several_instruments_are_joined() -> None:
    banks = ("trust-strategies", "trust-cognitive-affective", "theory-of-change")
    parts = []
    for seed, bank in enumerate(banks):
        answers = tm.simulate_responses(bank, n=120, rng=seed)
        parts.append(tm.score(answers))
    rng = np.random.default_rng(1)
    composite = theory_of_change("composite", outcomes=["uptake"])
    with pytest.raises(DataError, match="'uptake'"):
        composite.fit(parts)
    scale = parts[-1].data.assign(uptake=rng.normal(size=120))
    whole = pd.concat([part.data[list(part.scale_ids)] for part in parts[:-1]], axis=1)
    found = composite.fit(pd.concat([whole, scale], axis=1), n_boot=50, rng=1)
    assert found.n == 120
    reduced = theory_of_change("composite", outcomes=["resources"], names={"resilience": "r2"})
    with pytest.raises(DataError, match="2 of the scores"):
        reduced.fit(parts)


def test_a_missing_item_is_named() -> None:
    theory = theory_of_change()
    with pytest.raises(DataError, match=r"1 of the items.*'tc03'"):
        theory.fit(answers(theory, 40).drop(columns="tc03"))
    with pytest.raises(DataError, match="do not hold the items 'ct02'"):
        theory_of_change(indicators="facets").fit(answers(theory, 40).drop(columns="ct02"))


def test_a_model_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match="rivals="):
        fit_theory(scores(100), form="composite", model="direct")

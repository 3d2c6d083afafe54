"""Whether teams agree, whether they differ, and team results that protect small teams."""

from trustmeasure.agreement.intraclass import GroupICCResult, group_icc
from trustmeasure.agreement.teams import AggregateResult, aggregate
from trustmeasure.agreement.within_group import AgreementResult, rwg, rwg_j

__all__ = [
    "AggregateResult",
    "AgreementResult",
    "GroupICCResult",
    "aggregate",
    "group_icc",
    "rwg",
    "rwg_j",
]

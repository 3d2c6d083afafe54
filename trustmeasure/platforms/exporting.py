"""The public way from an instrument to a survey platform."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Literal

from trustmeasure._checks import check_option, listed
from trustmeasure._files import refuse_existing, write_whole
from trustmeasure.errors import InstrumentError, InstrumentWarning, OptionError
from trustmeasure.instruments import Instrument, load_instrument
from trustmeasure.platforms.questionnaire import check_askable, lay_out

Platform = Literal["qualtrics", "redcap", "limesurvey", "xlsform", "docx", "markdown", "json"]

# Platform → the module that writes its definition, and the endings that its files may have.
_WRITERS = {
    "qualtrics": ("trustmeasure.platforms.qualtrics.exporting", (".txt",)),
    "redcap": ("trustmeasure.platforms.redcap.exporting", (".csv",)),
    "limesurvey": ("trustmeasure.platforms.limesurvey.exporting", (".txt", ".tsv")),
    "xlsform": ("trustmeasure.platforms.xlsform.exporting", (".xlsx",)),
    "docx": ("trustmeasure.platforms.documents.word", (".docx",)),
    "markdown": ("trustmeasure.platforms.documents.markdown", (".md", ".markdown")),
    "json": ("", (".json",)),
}


def export_instrument(
    instrument: Instrument | str | Path,
    path: str | Path,
    *,
    platform: Platform,
    referent: str | None = None,
    language: str = "en",
    include_text: bool | None = None,
    overwrite: bool = False,
) -> Path:
    """Write an instrument as a survey definition, or as a questionnaire on paper.

    The ids of the items survive, so that `read_responses` reads the platform's export of
    answers without a column map.

    Parameters
    ----------
    instrument : Instrument, str or path
        An instrument, its id, or its file. One with several forms is exported as it is, the
        forms one after the other; pass ``instrument.form(...)`` to ask one of them.
    path : path
        Written whole or not at all. Its ending must be the platform's.
    platform : {"qualtrics", "redcap", "limesurvey", "xlsform", "docx", "markdown", "json"}
        ``"qualtrics"``: text file in advanced format (``.txt``; Survey › Tools › Import survey).
        ``"redcap"``: data dictionary (``.csv``), with matrix groups after a ``record_id``.
        ``"limesurvey"``: tab-separated survey structure (``.txt`` or ``.tsv``).
        ``"xlsform"``: workbook for KoboToolbox, ODK and Survey123 (``.xlsx``, extra ``excel``).
        ``"docx"``, ``"markdown"``: to be printed (the first with extra ``docx``).
        ``"json"``: the instrument itself, all languages and keying, as `load_instrument` reads.
    referent : str, optional
        The words that stand for ``{referent}`` in the wordings. By default the first one that
        the form or the instrument has.
    language : str
        Language of wordings and labels. Every item must have it.
    include_text : bool, optional
        By default, wordings are written where the instrument ships with them. Wordings that
        were attached with `Instrument.with_text` leave only with True.
    overwrite : bool
        Replace a file that is there already.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        For a platform or language that is not offered, an ending that is not the platform's,
        or a ``{referent}`` that nothing fills.
    InstrumentError
        For an instrument without items or without wording, licensed wording that is not to be
        written, ids that the platform cannot tell apart, or texts that it would take for
        commands.
    DataError
        When the file exists already, or its folder does not.
    MissingExtraError
        Where openpyxl or python-docx is not installed.

    Warns
    -----
    InstrumentWarning
        For an unreviewed translation, and for a range that could not be verified.

    Notes
    -----
    How the columns of the answers will be called, for an item ``ps01``:

    ============  ==================================================================
    Qualtrics     ``ps_1``: tag and place in the matrix ``ps``. Qualtrics numbers
                  statements itself. Where the ids of a block do not count on from 1,
                  its columns are matched by their wording alone, which every export
                  holds in its second row.
    REDCap        ``ps01``, in lower case; what is neither letter nor digit becomes
                  ``_``.
    LimeSurvey    ``agree5[ps01]``, letters and digits only.
    Kobo, ODK     ``ps01``, or with its group, ``agree5/ps01``.
    ============  ==================================================================

    Answers carry the codes of the response set everywhere. Nothing is reversed in a
    definition: scoring does that.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import trustmeasure as tm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = tm.export_instrument(
    ...         "trust-pulse", Path(folder) / "pulse.txt", platform="qualtrics", referent="my unit"
    ...     )
    ...     lines = path.read_text(encoding="utf-8").splitlines()
    >>> lines[lines.index("[[Choices]]") + 1]
    'People in my unit did what they had agreed to do.'
    """
    check_option("platform", platform, tuple(_WRITERS))
    known = load_instrument(instrument)
    target = _check_path(path, platform)
    if include_text is not None and not isinstance(include_text, bool):
        raise OptionError(f"include_text={include_text!r} must be True, False or None.")
    refuse_existing(target, overwrite=overwrite)

    if platform == "json":
        if referent is not None or language != "en":
            raise OptionError(
                "platform='json' writes the instrument with all its languages and {referent} as it "
                "stands; referent= and language= are for the other platforms."
            )
        return known.save(target, overwrite=overwrite, include_text=include_text)
    _check_text(known, include_text)
    _warn_of_ranges(known)
    laid = lay_out(known, language=language, referent=referent)
    writer = importlib.import_module(_WRITERS[platform][0])
    return write_whole(target, writer.write_definition(laid), overwrite=overwrite)


def _check_path(path: str | Path, platform: str) -> Path:
    if not isinstance(path, (str, Path)):
        raise OptionError(f"path={path!r} must be the path of the file to write.")
    target = Path(path)
    endings = _WRITERS[platform][1]
    if target.suffix.lower() in endings:
        return target
    others = [name for name, (_, known) in _WRITERS.items() if target.suffix.lower() in known]
    meant = f" '{target.suffix}' belongs to platform={listed(others)}." if others else ""
    raise OptionError(
        f"'{target.name}' does not end in {' or '.join(endings)}, as files for platform="
        f"'{platform}' do.{meant}"
    )


def _check_text(instrument: Instrument, include_text: bool | None) -> None:
    """Let out only wording that is there and that may leave."""
    check_askable(instrument)
    without = [item.id for item in instrument.items if not any(item.text.values())]
    if without:
        raise InstrumentError(
            f"Instrument '{instrument.id}' comes without the wording of "
            f"{'its items' if len(without) == len(instrument.items) else listed(without)}, so it "
            "cannot be asked. Where you may use the wording, attach it with "
            "instrument.with_text(...) and pass include_text=True."
            + (f" {instrument.licence_status}" if instrument.licence_status else "")
        )
    if instrument.text == "none" and not include_text:
        raise InstrumentError(
            f"The wording of instrument '{instrument.id}' was attached to it and is not written "
            "unasked. If its licence lets you use it in this survey, pass include_text=True."
        )
    if include_text is False:
        raise OptionError(
            "include_text=False leaves nothing to ask; only platform='json' can do without the "
            "wording."
        )


def _warn_of_ranges(instrument: Instrument) -> None:
    used = {item.response_set for item in instrument.items}
    unsure = [r.id for r in instrument.response_sets if r.id in used and not r.range_confirmed]
    if unsure:
        warnings.warn(
            f"The range of response set(s) {listed(unsure)} of instrument '{instrument.id}' could "
            "not be verified in its source. Check it before fielding the survey.",
            InstrumentWarning,
            stacklevel=3,
        )

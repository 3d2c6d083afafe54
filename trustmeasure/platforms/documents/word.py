"""Questionnaires for word processors, ready to be printed."""

from __future__ import annotations

import io
from typing import Any

from trustmeasure.errors import MissingExtraError
from trustmeasure.platforms.documents.layout import columns, marks, told, word
from trustmeasure.platforms.questionnaire import Block, Questionnaire

# Centimetres of an A4 page, its margin, and what a table's columns need.
_SHORT, _LONG, _MARGIN = 21.0, 29.7, 1.8
_NUMBER, _STATEMENT, _ANSWER, _WIDEST_ANSWER = 0.9, 6.5, 1.7, 2.6


def write_definition(laid: Questionnaire) -> bytes:
    """Give the document."""
    try:
        import docx
        from docx.enum.section import WD_ORIENT
        from docx.shared import Cm, Pt
    except ImportError:
        raise MissingExtraError("Writing a Word document", "python-docx", "docx") from None
    document = docx.Document()
    style = document.styles["Normal"]
    style.font.name = "Calibri"
    style.font.size = Pt(10.5)
    style.paragraph_format.space_after = Pt(6)
    document.core_properties.title = laid.title
    document.core_properties.author = ""
    document.core_properties.language = laid.language
    document.core_properties.comments = ""
    wide = _needs_landscape(laid)
    width, height = (_LONG, _SHORT) if wide else (_SHORT, _LONG)
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(width), Cm(height)
    section.left_margin = section.right_margin = Cm(_MARGIN)
    section.top_margin = section.bottom_margin = Cm(_MARGIN)

    document.add_heading(laid.title, level=1)
    if laid.instructions:
        document.add_paragraph(laid.instructions)
    for line in told(laid):
        document.add_paragraph(line)
    number = 1
    for block in laid.blocks:
        _add_block(document, laid, block, number, width - 2 * _MARGIN)
        number += len(block.items)
    _add_small_print(document, laid)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _needs_landscape(laid: Questionnaire) -> bool:
    most = max(len(columns(block)) for block in laid.blocks)
    return _NUMBER + _STATEMENT + most * _ANSWER > _SHORT - 2 * _MARGIN


def _add_block(document: Any, laid: Questionnaire, block: Block, number: int, width: float) -> None:
    """Add the question and the table of a block; what stands above a table stays with it."""
    above = []
    if block.heading:
        above.append(document.add_heading(block.heading, level=2))
    if block.stem:
        paragraph = document.add_paragraph()
        paragraph.add_run(block.stem).bold = True
        above.append(paragraph)
    labels = dict(block.options)
    for code, text in block.anchors:
        paragraph = document.add_paragraph(style="List Bullet")
        # A label may go on after a colon to say what it means; its name is enough here.
        paragraph.add_run(f"{labels[code].split(':')[0]}: ").bold = True
        paragraph.add_run(text)
        above.append(paragraph)
    for paragraph in above:
        paragraph.paragraph_format.keep_with_next = True
    _add_table(document, laid, block, number, width)
    document.add_paragraph()


def _add_table(document: Any, laid: Questionnaire, block: Block, number: int, width: float) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    answers = columns(block)
    table = document.add_table(rows=1, cols=2 + len(answers))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    each = min(_WIDEST_ANSWER, (width - _NUMBER - _STATEMENT) / len(answers))
    widths = [_NUMBER, width - _NUMBER - each * len(answers), *[each] * len(answers)]
    heads = ["", word(laid, "statement")]
    heads += [f"{code}\n{label}" if label else code for code, label in answers]
    rows = [heads]
    for place, item in enumerate(block.items, start=number):
        rows.append([str(place), item.text, *marks(block)])
        table.add_row()
    for row, texts in zip(table.rows, rows, strict=True):
        _keep_whole(row, heading=texts is heads)
        for position, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = Cm(widths[position])
            paragraph = cell.paragraphs[0]
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            paragraph.paragraph_format.space_before = Pt(2)
            paragraph.paragraph_format.space_after = Pt(2)
            run = paragraph.add_run(text)
            run.bold = texts is heads and position <= 1
            if position > 1:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                run.font.size = Pt(8 if texts is heads else 12)
    for position, size in enumerate(widths):
        table.columns[position].width = Cm(size)


def _keep_whole(row: Any, *, heading: bool) -> None:
    """Keep a row on one page; repeat the heading on every page."""
    from docx.oxml import OxmlElement

    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if heading:
        properties.append(OxmlElement("w:tblHeader"))
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _add_small_print(document: Any, laid: Questionnaire) -> None:
    from docx.shared import Pt

    for line in laid.small_print():
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.add_run(line).font.size = Pt(8)

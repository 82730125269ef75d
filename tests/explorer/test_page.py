"""The page is put together so that no text of the data becomes markup."""

import json

import pytest

from embedding_shift.errors import InputError
from embedding_shift.explorer import page


def test_the_data_cannot_end_its_script():
    content = {"caption": "</script><!-- <script> & 😀 \u2028", "value": 0.1 + 0.2}
    text = page.as_script_text(content)
    assert text.isascii() and not set("<>&") & set(text)
    assert json.loads(text) == content


def test_a_value_that_is_no_number_in_json_is_refused():
    with pytest.raises(ValueError):
        page.as_script_text({"value": float("nan")})


@pytest.mark.slow
def test_markup_without_a_place_for_the_data_is_reported(tmp_path):
    for name, text in (("page.html", "<!-- policy --><!-- style -->"), ("style.css", ""), ("1.js", "")):
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="lacks the line <!-- data -->"):
        page.write({}, tmp_path.iterdir())

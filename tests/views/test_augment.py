"""What decides the views of a shard."""

from embedding_shift.compat import versions
from embedding_shift.views import augment


def test_the_setting_depends_on_code_and_on_installed_packages_alone(tmp_path, monkeypatch):
    code = tmp_path / "code.py"
    code.write_text("a = 1")
    before = augment.setting([code])
    moved = tmp_path / "moved.py"
    moved.write_text("a = 1")
    assert augment.setting([moved]) == before
    moved.write_text("a = 2")
    assert augment.setting([moved]) != before
    monkeypatch.setattr(versions, "everything_installed", lambda: ["3.11", "numpy-9.dist-info"])
    assert augment.setting([code]) != before

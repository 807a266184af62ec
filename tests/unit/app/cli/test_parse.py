"""python -m app parse."""

from app.cli.parse import named


def test_outputs_are_named_apart() -> None:
    sources = ["a/x.pdf", "b/x.pdf", "http://h.test/My%20Paper.pdf?q=1", "http://h.test/", "../.pdf", "C:\\x"]
    names = [document.name for document in named(sources)]
    assert names[:3] == ["x", "x-2", "My_Paper"]
    assert len(set(names)) == len(names)
    assert all("/" not in name and not name.startswith(".") for name in names)

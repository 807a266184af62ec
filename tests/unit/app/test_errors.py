"""The tree of errors."""

from app import errors
from app.errors import JobError, RequestError


def test_every_error_has_a_code_and_a_place() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 15
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")
        assert kind.__doc__
        if issubclass(kind, RequestError) and kind is not RequestError:
            assert kind.code in (errors.__doc__ or "")
            assert 400 <= kind("Words.").problem()["status"] < 600
        if issubclass(kind, JobError):
            assert set(kind("Words.").to_dict()) == {"code", "message"}

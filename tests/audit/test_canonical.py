import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit import canonical

keys = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,8}", fullmatch=True)
leaves = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(st.dictionaries(keys, values, max_size=6))
def test_the_form_equals_rfc_8785(document: dict[str, object]) -> None:
    assert canonical.encode(document) == rfc8785.dumps(document)  # type: ignore[arg-type] # its alias is recursive


@pytest.mark.parametrize(
    "document,place",
    [
        ({"a": 1.5}, "entry/a"),
        ({"a": 2**53}, "exact"),
        ({"a b": 1}, "identifier"),
        ({"a": "\ud800"}, "surrogate"),
        ({"a": ["x" * 40_000]}, "bytes"),
        ({"a": b"x"}, "bytes has no"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(document: dict[str, object], place: str) -> None:
    with pytest.raises(canonical.NotCanonicalError, match=place):
        canonical.encode(document)


def test_nesting_has_a_bottom() -> None:
    deep: object = 1
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(canonical.NotCanonicalError, match="nested deeper"):
        canonical.encode({"a": deep})

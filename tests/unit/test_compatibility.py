"""Which Asterisk is served."""

import pytest

from ivr.compatibility import WrongAsterisk, check


@pytest.mark.parametrize("version", ["22.10.1", "22.10.1~dfsg+~cs6.15.60671435-1", "22.99.0"])
def test_the_proven_versions_pass(version: str) -> None:
    check(version)


@pytest.mark.parametrize("version", ["22.10.0", "20.19.0", "23.0.0", "git-master", ""])
def test_any_other_is_refused_with_what_to_do(version: str) -> None:
    with pytest.raises(WrongAsterisk, match=r"needs one from 22\.10\.1 on and before 23: install that one"):
        check(version)

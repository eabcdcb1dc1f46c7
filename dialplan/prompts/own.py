"""Judge a municipality's own words: is each a text that somebody plays, and is none of another municipality's played for want of one?"""

from __future__ import annotations

from collections.abc import Iterator

from dialplan.prompts.catalogue import belonging, load
from routing import menu
from routing.municipality import Municipality
from routing.problem import Problem


def text_problems(file: str, municipality: Municipality) -> tuple[Problem, ...]:
    """All that is wrong with the file's `texts`, as refusals."""
    return tuple(Problem(file, *found) for judge in (_unknown, _of_others, _silent_menus) for found in judge(municipality))


def _menu_texts(m: Municipality) -> dict[str, str]:
    """The text of each second menu, by the menu's name."""
    return {name: menu.prompt(name) for name in m.menus}


def _unknown(m: Municipality) -> Iterator[tuple[str, str, str]]:
    known = {*load(), *_menu_texts(m).values()}
    for name in m.texts:
        if name not in known:
            menus = f", or menu-NAME of one of menus: {', '.join(m.menus)}" if m.menus else ""
            yield f"texts.{name}", "is no text that anybody plays", f"Name one of dialplan/prompts/catalogue.toml{menus}."


def _of_others(m: Municipality) -> Iterator[tuple[str, str, str]]:
    for name, slug in belonging().items():
        if slug != m.slug and name not in m.texts:
            yield f"texts.{name}", f"is missing, and the shared text tells of {slug}", "Say it in the municipality's own words."


def _silent_menus(m: Municipality) -> Iterator[tuple[str, str, str]]:
    for name, text in _menu_texts(m).items():
        if text not in m.texts:
            yield f"texts.{text}", f"is missing: menus.{name} would be silent", "Say what its keys mean."

"""Documents people keep: HTML from Jinja2 templates that lie beside the room that owns them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tanshu.base.clock import shanghai_text
from tanshu.base.quantity import yuan
from tanshu.base.text import Lang, Text

if TYPE_CHECKING:
    from jinja2 import Environment


def render(package: str, template: str, lang: Lang, **values: Any) -> str:
    """Render `package`'s templates/`template`. In a template `text` filters a Text into the language."""
    environment = _environment(package)

    def in_language(value: object) -> object:
        return value.in_(lang) if isinstance(value, Text) else value

    def both(zh: str, en: str) -> str:
        return en if lang == "en" else zh

    return environment.get_template(template).render(lang=lang, text=in_language, _=both, **values)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # slow to import, seldom needed

    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tonnes"] = lambda value: f"{value:,}"
    environment.filters["yuan"] = yuan
    environment.filters["when"] = shanghai_text
    return environment

"""Components without a library: a block tag renders a template around its content.

    {% component "card" title=_("Contract") %}…{% slot "foot" %}…{% endslot %}{% endcomponent %}
    {% component "button" label=_("Take") hx_post=url / %}

The component's template opens with `{% params title tone="neutral" %}`: what it takes, and the
defaults. A component sees its parameters only, beside the request.
"""

from __future__ import annotations

from typing import Any

from django.forms.utils import flatatt
from django.template import Context, Library, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Template, Token, token_kwargs
from django.utils.safestring import SafeString

register = Library()

# What every component may read from the page around it.
SHARED = ("request", "csrf_token", "user")
# Parameters with these beginnings become attributes of the component's element.
ATTRIBUTE_PREFIXES = ("hx_", "data_", "aria_")
PASSED = "passed_parameters"


def _template_of(context: Context) -> Template:
    """The template being rendered; only a context outside of rendering has none."""
    assert context.template is not None
    return context.template


class SlotNode(Node):
    """A named part of the content; rendered where the component puts it."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> str:  # noqa: ARG002 (the component renders it)
        return ""


class ComponentNode(Node):
    """Renders `components/<name>.html` with its parameters, content and slots."""

    child_nodelists = ("nodelist",)

    def __init__(
        self, name: FilterExpression, kwargs: dict[str, FilterExpression], nodelist: NodeList
    ) -> None:
        self.name = name
        self.kwargs = kwargs
        self.nodelist = nodelist
        self.slots = [node for node in nodelist if isinstance(node, SlotNode)]

    def render(self, context: Context) -> str:
        passed: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for key, expression in self.kwargs.items():
            if key.startswith(ATTRIBUTE_PREFIXES):
                attributes[key.replace("_", "-")] = expression.resolve(context)
            else:
                passed[key] = expression.resolve(context)
        passed |= {slot.name: _stripped(slot.nodelist, context) for slot in self.slots}
        inner = context.new(
            {
                **{key: context[key] for key in SHARED if key in context},
                **passed,
                PASSED: passed.keys(),
                "attrs": flatatt({k: v for k, v in attributes.items() if v not in (None, False)}),
                "content": _stripped(self.nodelist, context),
            }
        )
        name = f"components/{self.name.resolve(context)}.html"
        return _template_of(context).engine.get_template(name).render(inner)


def _stripped(nodes: NodeList, context: Context) -> SafeString:
    """Rendered without the white space around it, so that an empty part is empty."""
    # Stripping makes a plain string of what the template engine had already made safe.
    return SafeString(nodes.render(context).strip())


class ParamsNode(Node):
    """Checks what was passed to a component and fills in the defaults."""

    def __init__(self, required: list[str], defaults: dict[str, FilterExpression]) -> None:
        self.required = required
        self.defaults = defaults

    def render(self, context: Context) -> str:
        names = [*self.required, *self.defaults]
        # A template rendered by itself, not by the tag, has them in its context.
        passed = context[PASSED] if PASSED in context else [n for n in names if n in context]
        missing = [name for name in self.required if name not in passed]
        unknown = [name for name in passed if name not in names]
        if missing or unknown:
            name = context.template_name or _template_of(context).name
            raise TemplateSyntaxError(f"{name}: missing {missing}, unknown {unknown}")
        for key, expression in self.defaults.items():
            if key not in passed:
                context[key] = expression.resolve(context)
        return ""


@register.tag
def component(parser: Parser, token: Token) -> ComponentNode:
    """`{% component name key=value %}…{% endcomponent %}`, or closed at once by ` / %}`."""
    _tag, name, *bits = token.split_contents()
    nodelist = NodeList()
    if bits and bits[-1] == "/":
        bits.pop()
        kwargs = _kwargs(bits, parser)
    else:
        kwargs = _kwargs(bits, parser)
        nodelist = parser.parse(("endcomponent",))
        parser.delete_first_token()
    return ComponentNode(parser.compile_filter(name), kwargs, nodelist)


@register.tag
def slot(parser: Parser, token: Token) -> SlotNode:
    """`{% slot "name" %}…{% endslot %}`, a direct child of a component."""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(name.strip("\"'"), nodelist)


@register.tag
def params(parser: Parser, token: Token) -> ParamsNode:
    """`{% params label tone="neutral" %}`: the required names, then those with a default."""
    bits = token.split_contents()[1:]
    required = [bit for bit in bits if "=" not in bit]
    return ParamsNode(required, _kwargs([bit for bit in bits if "=" in bit], parser))


def _kwargs(bits: list[str], parser: Parser) -> dict[str, FilterExpression]:
    rest = list(bits)
    kwargs = token_kwargs(rest, parser)
    if rest:
        raise TemplateSyntaxError(f"Expected name=value, got {' '.join(rest)!r}.")
    return kwargs

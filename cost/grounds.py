"""What docs/cost.md stands on: assumptions, prices, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cost.prices import TAGS
from cost.tables import rows

if TYPE_CHECKING:
    from cost.whole import Computed


def assumptions(computed: Computed) -> list[str]:
    """Write what is assumed, and why."""
    deployment = computed.month.deployment
    usage = deployment.usage
    body = [(f"`{n}`", f"{a.value:,g} {a.unit}", a.why) for n, a in usage.assumptions.items()]
    known = {r.name for s in deployment.stacks for r in s.resources.values()}
    functions = [
        (f"{n}", e.invoked_by, f"{e.billed_ms:,g} ms", f"{e.reads:g}", f"{e.log_bytes:,g}")
        for n, e in usage.functions.items()
        if n in known
    ]
    return [
        "## Assumptions",
        "",
        *rows(("", "value", "why"), body, "1"),
        "",
        "- A health check whose host name is a custom domain of these stacks is one of an *AWS "
        "endpoint*: it runs within AWS, in the same account. Any foreign host would be billed as "
        "another endpoint. Calculated checks are billed as basic checks and ask nobody.",
        "- Requests of a check: checker Regions, times checkers in each, times seconds of the "
        "month, through the interval. AWS counts the interval from an answer to the next request; "
        "the answer is taken to need no time, so that the figure is an upper bound.",
        "- X-Ray's default rule records the first request of each second and 5 % of the others "
        "[D]. Checkers do not coordinate [D], so requests are taken to come independently "
        "(Poisson). A function behind a traced API follows the API's decision; one behind a "
        "function URL samples by the default rule if its own tracing is active. If no two requests "
        "fell into one second, every one of them would be recorded.",
        "- A request to a function URL costs an invocation, its time and the transfer of its "
        "answer, and nothing else [D]. Its host is counted as an AWS endpoint, for it runs within "
        "AWS and in the same account; no page that was read says so.",
        "- DNS queries of the checkers ask alias records to API Gateway, which are free [r].",
        "",
        "One invocation of each function, mean values, cold starts spread over all [r]:",
        "",
        *rows(("function", "invoked by", "billed", "reads", "own log bytes"), functions, "234"),
    ]


def prices(computed: Computed) -> list[str]:
    """Write the prices that were applied, with their sources."""
    known = computed.month.deployment.prices.prices.values()
    used = {x.price.name for x in (*computed.month.bill.lines, *computed.failover.lines)}
    body = [
        (p.of, p.label, f"{p.free:,.0f}" if p.free else "", p.tag, p.date, p.source)
        for p in known
        if p.name in used
    ]
    legend = "; ".join(f"**{tag}** {meaning}" for tag, meaning in TAGS.items())
    return [
        "## Prices",
        "",
        f"How sure: {legend}. *Free* is what an account gets of it each month for ever.",
        "",
        *rows(("", "price", "free", "", "of", "source"), body, "12"),
    ]


def left_out(computed: Computed) -> list[str]:
    """Write what costs nothing, and what is not counted."""
    nothing = computed.month.deployment.prices.costs_nothing
    present = {r.kind for s in computed.month.deployment.stacks for r in s.resources.values()}
    body = [(f"`{kind}`", why) for kind, why in nothing.items() if kind in present]
    return [
        "## What costs nothing",
        "",
        *rows(("type", "why"), body),
        "",
        "Not counted: the artifacts of `sam deploy` (cents), CloudTrail, taxes, support, "
        "restores, looking at logs and traces, and your domain's registration.",
    ]

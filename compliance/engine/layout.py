"""Placing boxes in layers from top to bottom, with lines that bend around them and cross as little as is reasonable.

The usual four steps for layered drawings: each box gets a layer, long lines get a bend in every layer that they pass,
the order within the layers is improved from both sides until crossings no longer fall, and then every box moves
towards what it is joined to. The same input always gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

BETWEEN_LAYERS: Final = 46.0
BETWEEN_BOXES: Final = 22.0
BETWEEN_BENDS: Final = 6.0
BEND_WIDTH: Final = 8.0
SWEEPS: Final = 24
MARGIN: Final = 8.0
# A line that passes through layers should be straight, even where that moves a box a little.
BEND_WEIGHT: Final = 4.0

Point = tuple[float, float]
Line = tuple[str, str]
# A place in a layer: the key of a box, or a line's number and the layer where it bends.
_Spot = str | tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """Something to place."""

    key: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything lies: the middle of each box, and for each line the points it goes through, source first."""

    width: float
    height: float
    boxes: dict[str, Point]
    lines: dict[Line, tuple[Point, ...]]


@lru_cache(maxsize=128)
def arrange(boxes: tuple[Box, ...], lines: tuple[Line, ...]) -> Layout:
    """Return the picture of *boxes* joined by *lines* (pairs of two different keys, each pair once).

    A line leads down where its source comes before its target among *boxes*, and up otherwise.
    """
    order = {box.key: number for number, box in enumerate(boxes)}
    downward = [line if order[line[0]] < order[line[1]] else line[::-1] for line in lines]
    rank = _layers([box.key for box in boxes], downward)
    chains = [_chain(number, line, rank) for number, line in enumerate(downward)]
    layers = _least_crossings(_first_order(boxes, rank, chains), chains)
    return _draw({box.key: box for box in boxes}, lines, downward, layers, chains)


def _layers(keys: Sequence[str], downward: Sequence[Line]) -> dict[str, int]:
    """Give each box the layer below the lowest of those that lead to it."""
    above, below = defaultdict(list), defaultdict(list)
    for source, target in downward:
        above[target].append(source)
        below[source].append(target)
    rank: dict[str, int] = {}
    for key in keys:
        rank[key] = max((rank[source] + 1 for source in above[key]), default=0)
    last = max(rank.values())
    for key in reversed(keys[1:]):
        if not above[key]:
            # Nothing drawn leads here: stand just above what it leads to, or at the end.
            rank[key] = max(0, min((rank[target] - 1 for target in below[key]), default=last))
    return rank


def _chain(number: int, line: Line, rank: dict[str, int]) -> list[_Spot]:
    source, target = line
    return [source, *((number, layer) for layer in range(rank[source] + 1, rank[target])), target]


def _first_order(boxes: Sequence[Box], rank: dict[str, int], chains: Sequence[Sequence[_Spot]]) -> list[list[_Spot]]:
    layers: list[list[_Spot]] = [[] for _ in range(max(rank.values()) + 1)]
    for box in boxes:
        layers[rank[box.key]].append(box.key)
    for chain in chains:
        for spot in chain:
            if isinstance(spot, tuple):
                layers[spot[1]].append(spot)
    return layers


def _least_crossings(layers: list[list[_Spot]], chains: Sequence[Sequence[_Spot]]) -> list[list[_Spot]]:
    """Sort each layer by what it is joined to, downwards and upwards in turn, and keep the best order seen."""
    up, down = _neighbours(chains)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, down)
    for sweep in range(SWEEPS):
        joined, numbers = (up, range(1, len(layers))) if sweep % 2 == 0 else (down, range(len(layers) - 2, -1, -1))
        for number in numbers:
            beside = layers[number - 1 if sweep % 2 == 0 else number + 1]
            place = {spot: at for at, spot in enumerate(beside)}
            own = {spot: at for at, spot in enumerate(layers[number])}
            layers[number].sort(key=lambda spot: _middle([place[s] for s in joined[spot]], own[spot]))
        _swap_neighbours(layers, up, down)
        crossings = _crossings(layers, down)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _neighbours(chains: Sequence[Sequence[_Spot]]) -> tuple[dict[_Spot, list[_Spot]], dict[_Spot, list[_Spot]]]:
    up: dict[_Spot, list[_Spot]] = defaultdict(list)
    down: dict[_Spot, list[_Spot]] = defaultdict(list)
    for chain in chains:
        for high, low in pairwise(chain):
            up[low].append(high)
            down[high].append(low)
    return up, down


def _middle(places: Sequence[int], own: int) -> float:
    return sum(places) / len(places) if places else float(own)


def _crossings(layers: Sequence[Sequence[_Spot]], down: dict[_Spot, list[_Spot]]) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        place = {spot: at for at, spot in enumerate(lower)}
        ends = [sorted(place[s] for s in down[spot]) for spot in upper]
        total += sum(_between(left, right) for at, left in enumerate(ends) for right in ends[at + 1 :])
    return total


def _between(left: Sequence[int], right: Sequence[int]) -> int:
    """Return how often the lines to *left* cross those to *right*, the first starting further left."""
    return sum(a > b for a in left for b in right)


def _swap_neighbours(layers: list[list[_Spot]], up: dict[_Spot, list[_Spot]], down: dict[_Spot, list[_Spot]]) -> None:
    """Exchange two that stand side by side wherever that removes crossings."""
    places = [{spot: at for at, spot in enumerate(layer)} for layer in layers]

    def cost(number: int, left: _Spot, right: _Spot) -> int:
        total = 0
        for joined, beside in ((up, number - 1), (down, number + 1)):
            if 0 <= beside < len(layers):
                total += _between(*([places[beside][s] for s in joined[spot]] for spot in (left, right)))
        return total

    for number, layer in enumerate(layers):
        for at in range(len(layer) - 1):
            left, right = layer[at], layer[at + 1]
            if cost(number, right, left) < cost(number, left, right):
                layer[at], layer[at + 1] = right, left
                places[number][right], places[number][left] = at, at + 1


def _draw(
    boxes: dict[str, Box],
    lines: Sequence[Line],
    downward: Sequence[Line],
    layers: Sequence[Sequence[_Spot]],
    chains: Sequence[Sequence[_Spot]],
) -> Layout:
    across = _across(boxes, layers, chains)
    edge = min(at - _width(spot, boxes) / 2 for spot, at in across.items()) - MARGIN
    across = {spot: at - edge for spot, at in across.items()}
    heights = [max((boxes[s].height for s in layer if isinstance(s, str)), default=0.0) for layer in layers]
    tops = [MARGIN + sum(heights[:number]) + BETWEEN_LAYERS * number for number in range(len(layers))]
    layer_of = {spot: number for number, layer in enumerate(layers) for spot in layer}
    middles = {key: (across[key], tops[layer_of[key]] + heights[layer_of[key]] / 2) for key in boxes}
    drawn: dict[Line, tuple[Point, ...]] = {}
    ports = _ports(boxes, chains, across)
    for number, chain in enumerate(chains):
        points: list[Point] = [
            (ports[number, True], middles[downward[number][0]][1] + boxes[downward[number][0]].height / 2)
        ]
        for spot in chain[1:-1]:
            top = tops[layer_of[spot]]
            points += [(across[spot], top), (across[spot], top + heights[layer_of[spot]])]
        points.append((ports[number, False], middles[downward[number][1]][1] - boxes[downward[number][1]].height / 2))
        drawn[lines[number]] = tuple(points if lines[number] == downward[number] else reversed(points))
    width = max(at + _width(spot, boxes) / 2 for spot, at in across.items()) + MARGIN
    return Layout(width, tops[-1] + heights[-1] + MARGIN, middles, drawn)


def _ports(
    boxes: dict[str, Box], chains: Sequence[Sequence[_Spot]], across: dict[_Spot, float]
) -> dict[tuple[int, bool], float]:
    """Return where each line leaves its upper box (``True``) and meets its lower one, side by side in their order."""
    ports = {}
    for leaving in (True, False):
        at_box: dict[_Spot, list[tuple[float, int]]] = defaultdict(list)
        for number, chain in enumerate(chains):
            own, other = (chain[0], chain[1]) if leaving else (chain[-1], chain[-2])
            at_box[own].append((across[other], number))
        for own, found in at_box.items():
            step = min(18.0, _width(own, boxes) / (len(found) + 1))
            for place, (_, number) in enumerate(sorted(found)):
                ports[number, leaving] = across[own] + (place - (len(found) - 1) / 2) * step
    return ports


def _width(spot: _Spot, boxes: dict[str, Box]) -> float:
    return boxes[spot].width if isinstance(spot, str) else BEND_WIDTH


def _across(
    boxes: dict[str, Box], layers: Sequence[Sequence[_Spot]], chains: Sequence[Sequence[_Spot]]
) -> dict[_Spot, float]:
    """Move everything towards what it is joined to, as near as order and distance within its layer allow."""
    up, down = _neighbours(chains)
    at: dict[_Spot, float] = {}
    for layer in layers:
        at |= dict(zip(layer, _spaced(layer, [0.0] * len(layer), boxes), strict=True))
    lonely = {key for key in boxes if not up[key] and not down[key]}
    for sweep in range(SWEEPS):
        rounds = [up, down, None][sweep % 3]
        for layer in layers if rounds is not down else reversed(layers):
            joined = (up, down) if rounds is None else (rounds,)
            middle = sum(at[spot] for spot in layer if spot not in lonely) / max(1, len(set(layer) - lonely))
            wanted = [middle if spot in lonely else _wanted(spot, at, *joined) for spot in layer]
            at |= dict(zip(layer, _spaced(layer, wanted, boxes), strict=True))
    return at


def _wanted(spot: _Spot, at: dict[_Spot, float], *joined: dict[_Spot, list[_Spot]]) -> float:
    places = [at[other] for found in joined for other in found[spot]]
    return sum(places) / len(places) if places else at[spot]


def _spaced(layer: Sequence[_Spot], wanted: Sequence[float], boxes: dict[str, Box]) -> list[float]:
    """Return the places nearest to *wanted* (least squares) that keep the order and the distances of *layer*."""
    offsets = [0.0]
    for left, right in pairwise(layer):
        gap = BETWEEN_BOXES if isinstance(left, str) or isinstance(right, str) else BETWEEN_BENDS
        offsets.append(offsets[-1] + (_width(left, boxes) + _width(right, boxes)) / 2 + gap)
    groups: list[tuple[float, float, int]] = []  # Wanted sum, weight, members: those that push each other.
    for spot, want, offset in zip(layer, wanted, offsets, strict=False):
        weight = 1.0 if isinstance(spot, str) else BEND_WEIGHT
        group = ((want - offset) * weight, weight, 1)
        while groups and groups[-1][0] / groups[-1][1] > group[0] / group[1]:
            total, heavy, members = groups.pop()
            group = (total + group[0], heavy + group[1], members + group[2])
        groups.append(group)
    starts = [total / weight for total, weight, members in groups for _ in range(members)]
    return [start + offset for start, offset in zip(starts, offsets, strict=False)]

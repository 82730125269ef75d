"""Tell in words where embeddings move: the mean shift along the direction from one text to another.

The direction of a prompt is that from the neutral text to the prompt, averaged over nouns. Directions between texts
have much in common, and shifts as well, so random directions are no measure of chance. Random pairs of words in the
same text are. All prompts differ from the neutral text in the same way, that they say more, so a second direction leads
to each prompt from the mean of the others.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.words.downstream.damage import unit
from embedding_shift.words.prompts import NEUTRAL, Prompts, prompt_id, text_id, word_id
from embedding_shift.words.text_files import EncodedTexts, refuse_other_space

COLUMNS = ("augmentation", "prompt", "text", "n", "score", "z", "p", "specific_z", "specific_p", "critical_z")
CRITICAL = 0.95  # quantile of random pairs that a significant prompt exceeds
ONE_PROMPT = "needs two prompts"
RANDOM_PAIRS = 999

FloatArray = NDArray[np.float64]


class Directions(NamedTuple):
    """Directions between texts, float64, of unit length.

    Attributes:
        prompts: (P, D), from the neutral text to each prompt.
        specific: (P, D), from the mean of all other prompts to each prompt; zero for a single prompt.
        chance: (RANDOM_PAIRS, D), from one random word to another.
    """

    prompts: FloatArray
    specific: FloatArray
    chance: FloatArray


def directions(prompts: Prompts, encoded: EncodedTexts, seed: int) -> Directions:
    """Return the directions of all prompts, in the order of the file, and of random pairs of words.

    Args:
        prompts: the prompts.
        encoded: their texts.
        seed: seed of the random pairs.
    """
    places = {name: place for place, name in enumerate(encoded.text_ids.tolist())}
    unit_texts = unit(encoded.embedding.astype(np.float64))

    def mean(template: str) -> FloatArray:
        rows = [places[text_id(template, noun)] for noun in range(len(prompts.nouns))]
        return np.asarray(unit_texts[rows].mean(0))

    words = np.array([mean(word_id(number)) for number in range(len(prompts.words))])
    named = np.array([mean(prompt_id(name)) for name in prompts.prompts])
    generator = np.random.default_rng(seed)
    pairs = np.array([generator.choice(len(words), 2, replace=False) for _ in range(RANDOM_PAIRS)])
    return Directions(
        prompts=unit(named - mean(NEUTRAL)),
        specific=unit(named - named.mean(0)),
        chance=unit(words[pairs[:, 0]] - words[pairs[:, 1]]),
    )


class Score(NamedTuple):
    """How far a shift follows a direction.

    Attributes:
        score: mean shift of the embeddings (of unit length) along the direction.
        z: its distance from the mean over random pairs, in their standard deviations.
        p: share of random pairs that the shift follows at least as far, in either sense, with this one counted.
        critical: distance in standard deviations that 5 % of random pairs exceed, in either sense.
    """

    score: float
    z: float
    p: float
    critical: float


def scores(before: NDArray[Any], after: NDArray[Any], found: FloatArray, chance: FloatArray) -> tuple[int, list[Score]]:
    """Return the number of images and the score of every direction for one augmentation.

    Args:
        before: embeddings (N, D) of the originals.
        after: those of their views, in the same order. Images without two finite embeddings are left out.
        found: the directions (P, D).
        chance: directions (K, D) between random words.

    Raises:
        InputError: texts and images have embeddings of different widths.
    """
    refuse_other_space(before.shape[1], found.shape[1], "texts")
    kept = np.isfinite(before).all(1) & np.isfinite(after).all(1)
    if not kept.any():
        return 0, []
    shift = (unit(after[kept].astype(np.float64)) - unit(before[kept].astype(np.float64))).mean(0)
    along, by_chance = found @ shift, chance @ shift
    spread = by_chance.std() or 1
    z = (along - by_chance.mean()) / spread
    critical = float(np.quantile(np.abs(by_chance), CRITICAL) / spread)
    p = [(1 + np.count_nonzero(np.abs(by_chance) >= abs(value))) / (1 + len(chance)) for value in along]
    return int(kept.sum()), [
        Score(float(score), float(distance), float(share), critical)
        for score, distance, share in zip(along, z, p, strict=True)
    ]


def table(
    prompts: Prompts,
    found: Directions,
    original: NDArray[Any],
    views: Mapping[str, NDArray[Any]],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of words.csv (COLUMNS): every augmentation with every prompt.

    Args:
        prompts: the prompts.
        found: their directions.
        original: embeddings (N, D) of the originals.
        views: those of their views by augmentation.
    """
    places = np.concatenate([found.prompts, found.specific])
    for augmentation, embedding in views.items():
        n, along = scores(original, embedding, places, found.chance)
        specific = along[len(found.prompts) :]
        for (name, text), score, against_others in zip(prompts.prompts.items(), along, specific, strict=False):
            row = {"augmentation": augmentation, "prompt": name, "text": text, "n": n}
            row |= {"score": score.score, "z": score.z, "p": score.p, "critical_z": score.critical}
            several = len(prompts.prompts) > 1
            yield row | {
                "specific_z": against_others.z if several else ONE_PROMPT,
                "specific_p": against_others.p if several else ONE_PROMPT,
            }

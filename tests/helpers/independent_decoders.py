"""Decoders that share no code with the project's for a format, to compare with: libtiff, Pillow, OpenCV.

Each returns float array (height, width, 3), 0–255, not turned upright, or None if it rejects the file.
"""

import io
import warnings

import cv2
import imagecodecs
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

BITS, PHOTOMETRIC, SAMPLES, PLANAR, COLOUR_MAP, EXTRA_SAMPLES, SAMPLE_FORMAT = 258, 262, 277, 284, 320, 338, 339
FLOAT = 3


def of_png(data):
    """Return what Pillow, OpenCV and libspng make of a PNG file; the last two ignore transparency by tRNS."""
    return [_by_pillow(data, "PNG")] + ([] if b"tRNS" in data else [_by_opencv(data), _by_spng(data)])


def of_jpeg(data):
    """Return what libjpeg-turbo makes of a JPEG file, through imagecodecs and OpenCV."""
    try:
        values = _rgb(imagecodecs.jpeg8_decode(data), 255)
    except (imagecodecs.Jpeg8Error, ValueError):
        values = None
    return [values, _by_opencv(data)]


def of_tiff(data):
    """Return what libtiff, Pillow and OpenCV make of a TIFF file."""
    return [_by_libtiff(data), _by_pillow(data, "TIFF"), _by_opencv(data)]


def _by_pillow(data, image_format):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=[image_format])
            image.load()
            if image.mode in ("I;16", "I;16B", "I", "F"):
                return _rgb(np.asarray(image), 65535)
            if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
                return _over_white(np.asarray(image.convert("RGBA")).astype(float), 255)
            return np.asarray(image.convert("RGB")).astype(float)
    except Exception:
        return None


def _by_opencv(data):
    try:
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, IndexError):
        return None
    if values is None or values.dtype.kind != "u":
        return None
    white = np.iinfo(values.dtype).max
    if values.ndim == 3 and values.shape[2] >= 3:
        values = values[..., [2, 1, 0, *range(3, values.shape[2])]]
    if values.ndim == 3 and values.shape[2] in (2, 4):
        return _over_white(values.astype(float) * 255 / white, 255)
    return _rgb(values, white)


def _by_spng(data):
    try:
        values = imagecodecs.spng_decode(data)
    except (imagecodecs.SpngError, ValueError):
        return None
    values = values.reshape(*values.shape[:2], -1).astype(float) * 255 / np.iinfo(values.dtype).max
    return _over_white(values, 255) if values.shape[2] in (2, 4) else _rgb(values, 255)


def _by_libtiff(data):
    """Read the samples with libtiff and interpret them by the tags that Pillow reads."""
    try:
        samples = imagecodecs.tiff_decode(data)
        tags = _tags(data)
        photometric = tags[PHOTOMETRIC]
        count = tags.get(SAMPLES, 1)
        bits, kind = _first(tags.get(BITS, 1)), _first(tags.get(SAMPLE_FORMAT, 1))
        values = samples.astype(float).reshape(count, *samples.shape[-2:]) if _is_planar(samples, tags) else samples
        values = np.moveaxis(values, 0, -1) if _is_planar(samples, tags) else values
        values = values.astype(float).reshape(*values.shape[:2], -1)
        if photometric == 3:
            entries = np.array(tags[COLOUR_MAP], float).reshape(3, -1).T
            return (entries / (257 if entries.max() > 255 else 1))[samples.astype(int)]
        values = values / _white(values, bits, kind)
        colours = {0: 1, 1: 1, 2: 3}.get(photometric, 3)
        alpha = _alpha(tags, values, colours)
        values = np.clip(np.nan_to_num(values[..., :colours], nan=0, posinf=1, neginf=0), 0, 1)
        values = 1 - values if photometric == 0 else values
        return _rgb(255 * values, 255) if alpha is None else _blended(values, *alpha)
    except Exception:
        return None


def _tags(data):
    file = io.BytesIO(data)
    directory = ImageFileDirectory_v2(file.read(8) if data[2:4] in (b"*\0", b"\0*") else file.read(16))
    file.seek(directory.next)
    directory.load(file)
    return {tag: directory[tag] for tag in directory}


def _is_planar(samples, tags):
    return samples.ndim == 3 and tags.get(PLANAR) == 2 and tags.get(SAMPLES, 1) > 1


def _white(values, bits, kind):
    if kind == FLOAT:
        high = np.nanpercentile(values[np.isfinite(values)], 99)
        return next(white for white in (1, 255, 65535) if high <= 1.3 * white)
    return 2.0 ** (bits - (kind == 2)) - 1


def _alpha(tags, values, colours):
    """Return the alpha channel, and whether the colours are multiplied by it; None if there is none."""
    extra = tags.get(EXTRA_SAMPLES, ())
    extra = extra if isinstance(extra, tuple) else (extra,)
    found = [number for number, meaning in enumerate(extra) if meaning in (1, 2)]
    return (values[..., colours + found[0] :][..., :1], extra[found[0]] == 1) if found else None


def _blended(values, alpha, associated):
    return 255 * (np.minimum(values, alpha) + 1 - alpha if associated else values * alpha + 1 - alpha) * np.ones(3)


def _over_white(values, white):
    colours, alpha = values[..., :-1], values[..., -1:] / white
    return (colours * alpha + 255 * (1 - alpha)) * np.ones(3)


def _first(value):
    return value[0] if isinstance(value, tuple) else value


def _rgb(values, white):
    values = np.asarray(values, float).reshape(*values.shape[:2], -1)
    return values * 255 / white * np.ones(3)

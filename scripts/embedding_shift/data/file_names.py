"""What the name of a file says about it: an image, an image that no decoder reads, or something else."""

import re
from pathlib import PurePath

IMAGE_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp", ".png", ".apng", ".tif", ".tiff", ".webp"),
    *(".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif", ".jxl", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf"),
    *(".jpx", ".gif", ".bmp", ".dib", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
}
# Raw images of cameras, among others, that begin like a TIFF file but hold a small preview where a TIFF has its image.
UNSUPPORTED_SUFFIXES = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw"),
    *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
    *(".ai", ".cur", ".dcm", ".dds", ".eps", ".exr", ".fits", ".hdr", ".icns", ".ico", ".jpm", ".jxr", ".pcx", ".psb"),
    *(".psd", ".ras", ".sgi", ".svg", ".svgz", ".tga", ".wbmp", ".wdp", ".xbm", ".xcf", ".xpm"),
}
# Folders in which programs keep thumbnails, copies and deleted files, in lower case.
SYSTEM_FOLDERS = {
    *("@eadir", "@recently-snapshot", "@recycle", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "__macosx"),
    *("lost+found", "system volume information", ".git", ".ipynb_checkpoints", ".thumbnails", ".trash", ".trashes"),
}
# Other suffixes are counted together, because a folder may hold thousands of them, such as numbers.
NAMED_SUFFIX = re.compile(r"\.(?=[0-9_-]*[a-z])[a-z0-9_-]{1,16}")


def hidden(path: PurePath) -> str:
    """Return why a file is left out as hidden; an empty text if it is not.

    Args:
        path: path of the file, relative to the dataset's folder or shard.
    """
    for folder in path.parts[:-1]:
        if folder.casefold() in SYSTEM_FOLDERS:
            return f"in a system folder: {folder}"
        if folder.startswith("."):
            return "in a hidden folder"
    if path.name.startswith("."):
        return "hidden file: ._*" if path.name.startswith("._") else "hidden file"
    return ""


def not_an_image(path: PurePath) -> str:
    """Return why a file is left out as something else than an image; an empty text if its name is that of an image."""
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES or suffix in UNSUPPORTED_SUFFIXES:
        return ""
    if not suffix:
        return "not an image: no suffix"
    return f"not an image: {suffix if NAMED_SUFFIX.fullmatch(suffix) else 'another suffix'}"


def unsupported(path: PurePath) -> str:
    """Return why an image is rejected for its suffix; an empty text if it is not."""
    suffix = path.suffix.lower()
    return f"unsupported image: {suffix}" if suffix in UNSUPPORTED_SUFFIXES else ""
